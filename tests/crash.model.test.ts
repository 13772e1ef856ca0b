import { assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { MAGAZINE } from '../packages/core/src/layout/records.ts';
import type { AgentPool } from '../packages/core/src/pool.ts';
import { crashEverywhere } from './model/crash-pool.ts';
import { crashPrograms } from './model/crash-programs.ts';
import { strategies, strategyNamed } from './strategies.ts';

describe.each(strategies)('$name', ({ strategy }) => {
  it.each(Object.keys(crashPrograms))('gets over a death before every operation of %s', (what) => {
    const { result, reports } = crashEverywhere({ strategy, ...crashPrograms[what]! });
    assertProved(result);
    expect(reports.length).toBe(result.crashPoints);
    expect(reports.length).toBeGreaterThan(1);
  });
});

describe('the sweep', () => {
  /** Parts of a pool's recovery that a mutant leaves out. */
  interface Parts {
    recovery: {
      rebuild(): number;
      markTorn(): void;
      finishMigration(): void;
      changedClasses(): number[];
      caches: { settle(): void; mendOthers(): void };
    };
    caches: { magazines: { mend(ordinal: number, magazine: number): void; mendDepot(ordinal: number): void } };
    state: { words: Int32Array; strategy: { recovery: { countedLock(word: number): unknown; releaseFor(): void } } };
  }
  const parts = (pool: AgentPool): Parts => pool as unknown as Parts;
  const mendsNoDepot = (heir: AgentPool): void => {
    parts(heir).caches.magazines.mendDepot = () => {};
  };
  const mutants: [string, string, string, (heir: AgentPool) => void][] = [
    [
      'rebuilds nothing',
      'spin',
      'malloc of a slot that was used before',
      (heir) => (parts(heir).recovery.rebuild = () => 0),
    ],
    [
      'rebuilds no class',
      'spin',
      'a compaction that empties a zspage',
      (heir) => (parts(heir).recovery.changedClasses = () => []),
    ],
    ['marks no object as torn', 'bigLock', 'a write', (heir) => (parts(heir).recovery.markTorn = () => {})],
    [
      'finishes no migration',
      'spin',
      'the migration of a page',
      (heir) => (parts(heir).recovery.finishMigration = () => {}),
    ],
    [
      'frees no structure lock',
      'spin',
      'free of a huge object',
      (heir) => (parts(heir).state.strategy.recovery.releaseFor = () => {}),
    ],
    [
      'leaves what the dead had cached',
      'spin',
      'malloc from a cache and frees into it',
      (heir) => (parts(heir).recovery.caches.settle = () => {}),
    ],
    [
      'mends no magazine that the dead was taking from',
      'spin',
      'a compaction that takes what another agent has cached',
      (heir) => (parts(heir).recovery.caches.mendOthers = () => {}),
    ],
    [
      'does not look for the object that was on its way',
      'spin',
      'malloc from a cache and frees into it',
      (heir) => {
        const { magazines } = parts(heir).caches;
        const { mend } = magazines;
        magazines.mend = (ordinal, magazine) => {
          parts(heir).state.words[magazine + MAGAZINE.at.pending] = 0;
          mend.call(magazines, ordinal, magazine);
        };
      },
    ],
    ['leaves one list to a magazine and to the depot', 'spin', 'frees that fill the depot', mendsNoDepot],
    ['leaves to the depot what a magazine has taken', 'spin', 'a malloc that empties the depot', mendsNoDepot],
    [
      'tells no reader count anew',
      'preemptibleDirect',
      'a read',
      (heir) => {
        const counted = { closeCount: () => true, countOf: () => 0, openCount: () => {} };
        parts(heir).state.strategy.recovery.countedLock = () => counted;
      },
    ],
  ];

  it.each(mutants)('rejects an heir that %s', (_, name, what, plant) => {
    const { strategy } = strategyNamed(name);
    const { result } = crashEverywhere({ strategy, ...crashPrograms[what]!, break: plant });
    expect(result.verdict).toBe('failed');
  });
});
