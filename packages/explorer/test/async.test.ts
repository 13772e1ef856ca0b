import { assertProved, type ExploreOptions, exploreAsync, ModelMemory, type ThreadBody } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';

function run(
  threads: Record<string, ThreadBody>,
  options: Partial<ExploreOptions> = {},
): ReturnType<typeof exploreAsync> {
  return exploreAsync({ memory: new ModelMemory(64), threads, ...options });
}

async function asyncWait(words: Int32Array, index: number, value: number): Promise<string> {
  return await Atomics.waitAsync(words, index, value).value;
}

it('wakes an async waiter by the notification of another thread, in every schedule', async () => {
  const seen = new Set<unknown>();
  const result = await run(
    {
      sleeper: async ({ memory: { int32 } }) => {
        const how = await asyncWait(int32, 0, 0);
        return `${how} ${Atomics.load(int32, 0)} ${int32[1]}`;
      },
      waker: ({ memory: { int32 } }) => {
        int32[1] = 5;
        Atomics.store(int32, 0, 1);
        Atomics.notify(int32, 0);
      },
    },
    { check: ({ results }) => void seen.add(results[0]) },
  );
  assertProved(result);
  expect([...seen].sort()).toEqual(['not-equal 1 5', 'ok 1 5']);
});

it('runs concurrent chains of one agent, interleaved with the other agents', async () => {
  const chain = async (words: Int32Array): Promise<number> => {
    await Promise.resolve();
    return Atomics.add(words, 0, 1);
  };
  const sums = new Set<string>();
  const result = await run(
    {
      two: async ({ memory }) => Promise.all([chain(memory.int32), chain(memory.int32)]),
      one: async ({ memory }) => chain(memory.int32),
    },
    { check: ({ results }) => void sums.add(results.join(' ')) },
  );
  assertProved(result);
  expect([...sums].sort()).toEqual(['0,1 2', '0,2 1', '1,2 0']);
});

it('excludes with an async mutex, and finds the lost wakeup of a broken one', async () => {
  const lock = async (words: Int32Array): Promise<void> => {
    if (Atomics.compareExchange(words, 0, 0, 1) === 0) return;
    while (Atomics.exchange(words, 0, 2) !== 0) await asyncWait(words, 0, 2);
  };
  const thread =
    (unlock: (words: Int32Array) => void): ThreadBody =>
    async ({ memory: { int32 } }) => {
      await lock(int32);
      int32[1] = int32[1]! + 1;
      unlock(int32);
    };
  const good = thread((words) => {
    if (Atomics.exchange(words, 0, 0) === 2) Atomics.notify(words, 0, 1);
  });
  const bad = thread((words) => {
    if (Atomics.load(words, 0) === 2) Atomics.notify(words, 0, 1);
    Atomics.store(words, 0, 0);
  });
  const check: NonNullable<ExploreOptions['check']> = ({ memory }) => expect(memory.int32[1]).toBe(2);
  assertProved(await run({ a: good, b: good }, { check }));
  const { failure } = await run({ a: bad, b: bad }, { check });
  expect(failure?.kind).toBe('lost-wakeup');
  const replay = await run({ a: bad, b: bad }, { check, schedule: failure!.schedule });
  expect(replay.failure?.kind).toBe('lost-wakeup');
});

it('lets blocking and async waiters share a queue: the first in line takes the notification', async () => {
  const result = await run({
    patient: async ({ memory }) => void (await asyncWait(memory.int32, 0, 0)),
    blocked: ({ memory }) => void Atomics.wait(memory.int32, 0, 0),
    waker: ({ memory }) => {
      Atomics.store(memory.int32, 0, 1);
      Atomics.notify(memory.int32, 0, 1);
    },
  });
  expect(result.failure?.kind).toBe('lost-wakeup');
});

describe('timers', () => {
  it('fire in the order of their due times, and at any time relative to other threads', async () => {
    const seen = new Set<string>();
    const result = await run(
      {
        timed: async ({ memory: { int32 } }) => {
          const log: string[] = [];
          const later = new Promise<void>((resolve) => setTimeout(resolve, 20));
          const never = setTimeout(() => log.push('cancelled'), 5);
          setTimeout(() => log.push(`early ${Atomics.load(int32, 0)}`), 10);
          clearTimeout(never);
          await later;
          return [...log, `late ${Atomics.load(int32, 0)}`].join();
        },
        other: ({ memory }) => Atomics.store(memory.int32, 0, 1),
      },
      { check: ({ results }) => void seen.add(String(results[0])) },
    );
    assertProved(result);
    expect([...seen].sort()).toEqual(['early 0,late 0', 'early 0,late 1', 'early 1,late 1']);
  });

  it('let an agent poll without making the search diverge', async () => {
    const poller: ThreadBody = async ({ memory }) => {
      while (Atomics.load(memory.int32, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      return 'seen';
    };
    const result = await run({ poller, other: ({ memory }) => Atomics.store(memory.int32, 0, 1) }, { spinReads: 3 });
    assertProved(result);
  });
});

describe('async failures', () => {
  it('name a rejection, handled by nobody or returned', async () => {
    const rejects: ThreadBody = async () => {
      await Promise.resolve();
      throw new Error('rejected');
    };
    const forgets: ThreadBody = async () => {
      void Promise.reject(new Error('forgotten'));
      await new Promise((resolve) => setTimeout(resolve, 1));
    };
    expect((await run({ rejects })).failure).toMatchObject({ kind: 'uncaught-error', message: 'rejects: rejected' });
    expect((await run({ forgets })).failure).toMatchObject({ kind: 'uncaught-error', message: 'forgets: forgotten' });
  });

  it('name an await that nothing will settle', async () => {
    const { failure } = await run({ waits: async () => new Promise(() => {}) });
    expect(failure).toMatchObject({ kind: 'deadlock', message: expect.stringContaining('awaits something') });
  });

  it('include data races between segments', async () => {
    const thread: ThreadBody = async ({ memory: { int32 } }) => {
      await Promise.resolve();
      int32[1] = Atomics.load(int32, 0);
    };
    expect((await run({ a: thread, b: thread })).failure?.kind).toBe('data-race');
  });

  it('include the crash of an async agent, whose finally has no effect', async () => {
    const victim: ThreadBody = async ({ memory: { int32 } }) => {
      Atomics.store(int32, 0, 1);
      try {
        await Promise.resolve();
        Atomics.store(int32, 1, 1);
      } finally {
        Atomics.store(int32, 0, 0);
      }
    };
    const leftLocked = new Set<unknown>();
    const result = await run(
      { victim, other: async ({ awaitExit }) => awaitExit('victim') },
      { crash: { thread: 'victim' }, check: ({ memory }) => void leftLocked.add(memory.int32[0]) },
    );
    assertProved(result);
    expect(result.crashPoints).toBe(3);
    expect([...leftLocked].sort()).toEqual([0, 1]);
  });
});

it('refuses a second exploration while one is running', async () => {
  const first = run({ a: async () => void (await Promise.resolve()) });
  await expect(run({ a: () => {} })).rejects.toMatchObject({ code: 'ERR_EXPLORER_BUSY' });
  assertProved(await first);
});
