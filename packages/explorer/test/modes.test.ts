import {
  assertPassed,
  assertProved,
  explore,
  type ExploreOptions,
  type ExploreResult,
  ModelMemory,
  type ThreadBody,
} from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';

/** Loses an update if the other thread stores between load and store: one preemption. */
const careless: ThreadBody = ({ memory }) => {
  const value = Atomics.load(memory.int32, 0);
  Atomics.store(memory.int32, 0, value + 1);
};
const careful: ThreadBody = ({ memory }) => Atomics.add(memory.int32, 0, 1);

function count(body: ThreadBody, options: Partial<ExploreOptions>): ExploreResult {
  return explore({
    memory: new ModelMemory(64),
    threads: { a: body, b: body },
    check: ({ memory }) => expect(memory.int32[0]).toBe(2),
    ...options,
  });
}

it.each([
  ['exhaustive', {}, 'proved'],
  ['unreduced', { mode: 'unreduced' }, 'proved'],
  ['preemption-bounded', { preemptions: 1 }, 'bounded'],
  ['random', { mode: 'random', seed: 3 }, 'sampled'],
  ['pct', { mode: 'pct', seed: 3 }, 'sampled'],
] as [string, Partial<ExploreOptions>, string][])(
  '%s search finds the lost update, and says what it covered',
  (_, options, verdict) => {
    const bad = count(careless, options);
    expect(bad.failure?.kind).toBe('broken-invariant');
    expect(bad.failure?.schedule).toMatch(/^(0 1\*2 0|1 0\*2 1)$/);
    const good = count(careful, { maxExecutions: 200, ...options });
    expect(good.verdict).toBe(verdict);
    assertPassed(good);
    if (verdict !== 'proved')
      expect(() => assertProved(good)).toThrow(expect.objectContaining({ code: 'ERR_EXPLORER_NOT_PROVED' }));
  },
);

it('misses with no preemption what needs one', () => {
  expect(count(careless, { preemptions: 0 }).verdict).toBe('bounded');
});

it('says when a limit cut it off', () => {
  expect(count(careful, { maxExecutions: 1 })).toMatchObject({ verdict: 'cut-off', isComplete: false, executions: 1 });
  expect(count(careful, { timeLimitMs: -1 })).toMatchObject({ verdict: 'cut-off', executions: 0 });
});

it('explores one order of the starts of symmetric threads', () => {
  const all = count(careful, { mode: 'unreduced' });
  const some = count(careful, { mode: 'unreduced', symmetric: [['a', 'b']] });
  expect([all.executions, some.executions]).toEqual([2, 1]);
});

describe('a printed schedule', () => {
  const schedule = count(careless, {}).failure!.schedule;

  it('replays exactly that execution', () => {
    const replay = count(careless, { schedule });
    expect(replay).toMatchObject({ verdict: 'failed', executions: 1, failure: { schedule } });
  });

  it('is not found fault with once the bug is mended', () => {
    expect(count(careful, { schedule: '1 0' }).verdict).toBe('replayed');
  });
});

it('draws the minimised schedule with a column per thread and the source lines', () => {
  const { failure } = count(careless, { describe: (offset) => (offset === 0 ? 'counter' : undefined) });
  const lines = failure!.chart.split('\n');
  expect(lines[0]).toMatch(/^# {2}a +b +source$/);
  expect(lines.slice(1).map((line) => line.replace(/ +test\/modes\.test\.ts:\d+$/, ''))).toEqual([
    '1  load counter -> 0',
    '2                     load counter -> 0',
    '3                     store counter = 1',
    '4  store counter = 1',
  ]);
  const sites = lines.slice(1).map((line) => Number(/test\/modes\.test\.ts:(\d+)$/.exec(line)![1]));
  expect(sites[2]! - sites[0]!).toBe(1);
});

describe('timeouts of Atomics.wait', () => {
  const endings = (timeouts: 'rescue' | 'last-resort' | 'any'): string[] => {
    const seen = new Set<string>();
    explore({
      memory: new ModelMemory(64),
      timeouts,
      threads: {
        sleeper: ({ memory }) => Atomics.wait(memory.int32, 0, 0, 10),
        waker: ({ memory }) => {
          Atomics.store(memory.int32, 0, 1);
          Atomics.notify(memory.int32, 0);
        },
      },
      onOutcome: ({ ending, results }) => seen.add(`${ending} ${String(results[0])}`),
    });
    return [...seen].sort();
  };

  it('fire at any time only where asked to', () => {
    expect(endings('rescue')).toEqual(['complete not-equal', 'complete ok']);
    expect(endings('last-resort')).toEqual(['complete not-equal', 'complete ok']);
    expect(endings('any')).toEqual(['complete not-equal', 'complete ok', 'complete timed-out']);
  });
});

describe('crash injection', () => {
  /** Word 0: owner of a lock, by thread number + 1. Words 1 and 2 must be equal whenever it is free. */
  const update = (repairs: boolean): ThreadBody => {
    return ({ memory: { int32 }, id, hasExited }) => {
      let owner = 0;
      while ((owner = Atomics.compareExchange(int32, 0, 0, id + 1)) !== 0) {
        if (hasExited(owner - 1)) {
          if (Atomics.compareExchange(int32, 0, owner, id + 1) !== owner) continue;
          if (repairs) int32[2] = int32[1]!;
          break;
        }
        Atomics.pause();
      }
      try {
        int32[1] = int32[1]! + 1;
        int32[2] = int32[2]! + 1;
      } finally {
        Atomics.store(int32, 0, 0);
      }
    };
  };
  const sweep = (repairs: boolean): ExploreResult =>
    explore({
      memory: new ModelMemory(64),
      threads: { victim: update(repairs), survivor: update(repairs) },
      crash: { thread: 'victim' },
      check: ({ memory: { int32 }, died, results }) => {
        expect(results[0]).toBeUndefined();
        expect(died[1]).toBe(false);
        if (int32[0] === 2 || int32[1] !== int32[2]) throw new Error(`${int32[1]} != ${int32[2]}`);
      },
    });

  it('kills a thread before each of its operations, and its finally has no effect', () => {
    const result = sweep(true);
    expect(result.failure?.message).toMatch(/^check: \d+ != \d+$/); // Nobody repairs if the survivor came first.
    expect(result.failure?.schedule).toContain('crash=0@');
  });

  it('replays a crash from the schedule', () => {
    const { failure } = sweep(false);
    const again = explore({
      memory: new ModelMemory(64),
      threads: { victim: update(false), survivor: update(false) },
      exitEvents: true,
      schedule: failure!.schedule,
      check: ({ died }) => expect(died).toEqual([false, false]),
    });
    expect(again.verdict).toBe('failed');
  });

  it('proves the repair when a reaper comes last', () => {
    const reaper: ThreadBody = ({ memory: { int32 }, awaitExit }) => {
      awaitExit('victim');
      if (Atomics.compareExchange(int32, 0, 1, 2) !== 1) return 'nothing to do';
      int32[2] = int32[1]!;
      Atomics.store(int32, 0, 0);
      return 'repaired';
    };
    const victim: ThreadBody = ({ memory: { int32 } }) => {
      if (Atomics.compareExchange(int32, 0, 0, 1) !== 0) return;
      int32[1] = 1;
      int32[2] = 1;
      Atomics.store(int32, 0, 0);
    };
    const seen = new Set<unknown>();
    const result = explore({
      memory: new ModelMemory(64),
      threads: { victim, reaper },
      crash: { thread: 0 },
      check: ({ memory: { int32 }, results }) => {
        seen.add(results[1]);
        expect([int32[0], int32[1]]).toEqual([0, int32[2]]);
      },
    });
    assertProved(result);
    expect(result.crashPoints).toBe(4);
    expect([...seen].sort()).toEqual(['nothing to do', 'repaired']);
  });

  it('finds what only one crash point shows: a holder that dies leaves others spinning', () => {
    const body: ThreadBody = ({ memory: { int32 } }) => {
      while (Atomics.compareExchange(int32, 0, 0, 1) !== 0) Atomics.pause();
      Atomics.store(int32, 0, 0);
    };
    const result = explore({ memory: new ModelMemory(8), threads: [body, body], crash: { thread: 0 } });
    expect(result.failure).toMatchObject({ kind: 'livelock', schedule: expect.stringContaining('crash=0@1') });
  });
});
