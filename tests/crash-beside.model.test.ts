// An agent dies before each of its operations while another one works beside it, and a third recovers: schedules at random.

import { assertPassed, explore, ModelMemory } from '@zsmalloc/explorer';
import type { ExploreResult } from '@zsmalloc/explorer';
import type { ReadByMany, Strategy } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import { declareDead, incarnationOf, takeAgent } from '../packages/core/src/agents.ts';
import { formatMemory } from '../packages/core/src/format.ts';
import { HEADER } from '../packages/core/src/layout/records.ts';
import { AgentPool } from '../packages/core/src/pool.ts';
import { PoolState, openMemory } from '../packages/core/src/state.ts';
import { nameWord } from '../packages/conformance/src/pool/name-word.ts';
import { smallPlan } from '../packages/conformance/src/pool/pool-model.ts';
import { HALF_BYTES, expectAll, filled } from '../packages/conformance/src/pool/program-parts.ts';
import { strategyNamed } from './strategies.ts';

const KEY = 0x15a5_a5a5;
const PATIENT = { yieldAfter: Infinity, refuseAfter: Infinity };
/** Schedules for each operation before which the victim dies. */
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 2);
/** The same where there are many operations. */
const SCHEDULES_OF_MANY = Math.ceil(SCHEDULES / 2);
const A = 0x11;
const VICTIM = 1;
const HEIR = 3;

type Act = (pool: AgentPool, object: number) => unknown;

interface Options {
  readonly strategy: Strategy;
  readonly victim: Act;
  readonly survivor: Act;
  /** SCHEDULES by default. */
  readonly schedules?: number;
  /** Plants a bug in the heir. */
  readonly break?: (heir: AgentPool) => void;
}

/** Result of the last crash point; of the first that fails, if one does. `deaths` counts points and schedules. */
function crashBeside(options: Options): ExploreResult & { readonly deaths: number } {
  let deaths = 0;
  for (let k = 0; ; k++) {
    const result = crashAt(options, k);
    if (result.failure !== null || result.crashPoints === 0) return { ...result, deaths };
    deaths += result.executions;
  }
}

function crashAt(
  { strategy, victim, survivor, schedules = SCHEDULES, break: plant }: Options,
  beforeOperation: number,
): ExploreResult {
  const plan = smallPlan(strategy, 4);
  const memory = new ModelMemory(plan.pages * plan.pageBytes);
  const sideOf = (of: ReturnType<typeof openMemory>, index: number, mayBlock = true): AgentPool => {
    const agent = { words: of.words, index, spin: mayBlock ? PATIENT : { yieldAfter: 1, refuseAfter: 50 }, mayBlock };
    return new AgentPool(new PoolState(of, plan, agent, strategy, KEY));
  };
  const { buffer, int32: words, uint8: bytes } = memory;
  const views = { buffer, words, bytes, view: (at: number, length: number) => memory.view('uint8', at, length) };
  const copy = openMemory(new SharedArrayBuffer(memory.byteLength));
  const original = new Int32Array(memory.buffer);
  const records = { from: plan.agentBase * 4, to: plan.pageBase * 4 };
  let object = 0;
  return explore({
    memory,
    setup: () => {
      const direct = openMemory(memory.buffer);
      formatMemory(direct, plan, strategy, 0, KEY);
      for (let agent = 1; agent <= 4; agent++) takeAgent(direct.words, plan);
      const pool = sideOf(direct, VICTIM);
      object = filled(pool, HALF_BYTES, A);
      pool.free(pool.malloc(HALF_BYTES));
    },
    threads: {
      victim: () => void victim(sideOf(views, VICTIM), object),
      survivor: () => void survivor(sideOf(views, 2), object),
      heir: ({ awaitExit }) => {
        awaitExit('victim');
        const heir = sideOf(views, HEIR);
        plant?.(heir);
        declareDead(words, plan, VICTIM, incarnationOf(words, plan, VICTIM));
        for (;;) {
          try {
            heir.recover();
            return;
          } catch (error) {
            if ((error as { code?: unknown }).code !== 'ERR_ZS_WOULD_BLOCK') throw error;
            (Atomics as { pause?: () => void }).pause?.();
          }
        }
      },
    },
    check: () => {
      copy.words.set(original);
      const pool = sideOf(copy, 4, false);
      pool.verify();
      pool.read(object, (all) => expectAll(all, A));
      // A migrated page keeps its zspage busy until it has been reclaimed, so only one is looked at there.
      const pages = strategy.capabilities.relocatesBesideReaders
        ? plan.firstPage + 1
        : copy.words[HEADER.at.pageFresh]!;
      for (let page = plan.firstPage; page < pages; page++) {
        // No reader count is left: every zspage can be moved.
        if (pool.migratePage(page).result === 'busy') throw new Error(`page ${page} is busy`);
      }
      pool.verify();
    },
    describe: (byteOffset) => nameWord(plan, byteOffset),
    // Words by which agents say what they do race by design: strategy/read-table.ts, rule 3. So does the alarm.
    racy: (at) => (at >= records.from && at < records.to) || at === HEADER.at.alarm * 4,
    crash: { thread: 'victim', beforeOperation },
    mode: 'random',
    seed: beforeOperation + 1,
    maxExecutions: schedules,
    maxSteps: 50_000,
    spinReads: 50,
    timeouts: 'last-resort',
  });
}

const read: Act = (pool, object) => pool.read(object, (all) => all[0]);
const malloc: Act = (pool) => pool.malloc(HALF_BYTES);
/** Busy for as long as the heir is. */
const readOften: Act = (pool, object) => {
  for (let i = 0; i < 40; i++) read(pool, object);
};
const mallocOften: Act = (pool, object) => {
  for (let i = 0; i < 12; i++) pool.free(malloc(pool, object) as number);
};
const mallocFirst: Act = (pool) => pool.malloc(64);
/** Takes every lock. */
const count: Act = (pool) => pool.stats();

describe.each(['spin', 'bigLock', 'preemptible', 'preemptibleDirect', 'rcu', 'rwsem'])('%s', (name) => {
  const { strategy } = strategyNamed(name);

  it('gets over the death of a reader beside a reader', () => {
    const result = crashBeside({ strategy, victim: read, survivor: readOften });
    assertPassed(result);
    expect(result.deaths).toBeGreaterThan(SCHEDULES);
  });

  it('gets over a death in malloc beside a malloc of the same class', () => {
    assertPassed(crashBeside({ strategy, victim: malloc, survivor: mallocOften }));
  });

  it('gets over a death in malloc beside one who takes every lock', () => {
    assertPassed(crashBeside({ strategy, victim: malloc, survivor: count, schedules: SCHEDULES_OF_MANY }));
  });

  it('gets over a death in the first malloc of a class beside the first of another', () => {
    assertPassed(crashBeside({ strategy, victim: mallocFirst, survivor: mallocOften, schedules: SCHEDULES_OF_MANY }));
  });
});

describe('the schedules', () => {
  interface Parts {
    recovery: { stop(): number[]; rebuild(): number };
    state: { strategy: { recovery: { countedLock(word: number): ReadByMany } } };
  }
  const parts = (heir: AgentPool): Parts => heir as unknown as Parts;
  /** Takes the dead agent off a count in which it may not be. */
  const alwaysTakesOff = (heir: AgentPool): void => {
    const { recovery } = parts(heir).state.strategy;
    const countedLock = recovery.countedLock.bind(recovery);
    recovery.countedLock = (word) => {
      const lock = countedLock(word);
      return Object.create(lock, { openCount: { value: (at: number) => lock.openCount(at, 1) } }) as ReadByMany;
    };
  };
  const mutants: readonly [string, string, Act, Act, RegExp, NonNullable<Options['break']>][] = [
    [
      'rebuilds nothing',
      'spin',
      malloc,
      mallocOften,
      /free-list-distinct/,
      (heir) => (parts(heir).recovery.rebuild = () => 0),
    ],
    [
      'does not stop the others',
      'spin',
      mallocFirst,
      mallocOften,
      /unordered with/,
      (heir) => (parts(heir).recovery.stop = () => []),
    ],
    ['takes a reader off whoever was counted', 'preemptibleDirect', read, readOften, /spins on|nobody/, alwaysTakesOff],
  ];

  it.each(mutants)('reject an heir that %s', (_, name, victim, survivor, found, plant) => {
    const result = crashBeside({ strategy: strategyNamed(name).strategy, victim, survivor, break: plant });
    expect(result.failure?.message).toMatch(found);
  });
});
