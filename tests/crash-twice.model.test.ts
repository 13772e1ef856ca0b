import { describe, expect, it } from 'vitest';
import type { StrategyRecovery } from '@zsmalloc/core/strategy';
import type { AgentPool } from '../packages/core/src/pool.ts';
import { VICTIM, crashEverywhere } from './model/crash-pool.ts';
import { crashPrograms } from './model/crash-programs.ts';
import { crashTwice } from './model/crash-twice.ts';
import { strategies, strategyNamed } from './strategies.ts';

/** 1 for all deaths of the recoverer. */
const STRIDE = Number(process.env['STRIDE'] ?? 41);
const DEATHS = Number(process.env['DEATHS'] ?? 1);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PROGRAMS = [
  'malloc that grows its zspage',
  'free of the last object of a zspage',
  'reads inside reads',
  'a write',
  'a compaction that empties a zspage',
  'the migration of the second page of a zspage',
];

const robust = strategies.filter(({ capabilities }) => capabilities.robust);

describe.each(robust)('$name', ({ strategy }) => {
  it.each(PROGRAMS)(`gets over the death of who recovers from a death in %s, seed ${SEED}`, (what) => {
    const program = { strategy, ...crashPrograms[what]! };
    const { failed, points } = crashTwice(program, { deaths: DEATHS, stride: STRIDE, seed: SEED });
    expect(failed?.failure).toBeUndefined();
    expect(points).toBeGreaterThan(DEATHS);
  });
});

describe('the sweep', () => {
  type ChangedClasses = (recovery: StrategyRecovery, isDead: (agent: number) => boolean) => number[];

  /** Nobody who comes after it would know what was being changed: harmless for as long as it lives. */
  function freesFirst(heir: AgentPool): void {
    const { recovery } = heir as unknown as { recovery: { changedClasses: ChangedClasses } };
    const changed = recovery.changedClasses.bind(recovery);
    recovery.changedClasses = (of, isDead) => {
      const classes = changed(of, isDead);
      for (const ordinal of classes) of.releaseFor(ordinal, VICTIM);
      return classes;
    };
  }

  it('rejects a recoverer that frees locks before it has repaired what they protect, and only by its death', () => {
    const { strategy } = strategyNamed('spin');
    const program = { strategy, ...crashPrograms['a compaction that empties a zspage']!, break: freesFirst };
    expect(crashEverywhere(program).result.failure).toBeNull();
    const { failed } = crashTwice(program, { deaths: 20, stride: 23, seed: 1 });
    expect(failed?.failure?.message).toMatch(/corrupt|objects|pages/);
  });
});
