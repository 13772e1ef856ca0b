// Each kind of failure has a planted bug here that must be found, and named for what it is.

import { assertProved, explore, ModelMemory, type ExploreOptions, type ThreadBody } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';

function run(threads: Record<string, ThreadBody>, options: Partial<ExploreOptions> = {}): ReturnType<typeof explore> {
  return explore({ memory: new ModelMemory(64), threads, ...options });
}

function kindOf(threads: Record<string, ThreadBody>, options: Partial<ExploreOptions> = {}): string | undefined {
  return run(threads, options).failure?.kind;
}

const lock = (words: Int32Array, index: number): void => {
  while (Atomics.compareExchange(words, index, 0, 1) !== 0) Atomics.wait(words, index, 1);
};
const unlock = (words: Int32Array, index: number): void => {
  Atomics.store(words, index, 0);
  Atomics.notify(words, index, 1);
};

describe('standstills', () => {
  it('reports two locks taken in opposite order as a deadlock', () => {
    const both =
      (first: number, second: number): ThreadBody =>
      ({ memory: { int32 } }) => {
        lock(int32, first);
        lock(int32, second);
        unlock(int32, second);
        unlock(int32, first);
      };
    expect(kindOf({ a: both(0, 1), b: both(1, 0) })).toBe('deadlock');
    expect(kindOf({ a: both(0, 1), b: both(0, 1) })).toBeUndefined();
  });

  it('reports a changed word that nobody notifies as a lost wakeup', () => {
    const result = run({
      sleeper: ({ memory }) => Atomics.wait(memory.int32, 0, 0),
      waker: ({ memory }) => Atomics.store(memory.int32, 0, 1),
    });
    expect(result.failure?.kind).toBe('lost-wakeup');
    expect(result.failure?.message).toContain('sleeps on int32[0] while it is 0, which is 1 now');
  });

  it.each([
    ['with a pause', (words: Int32Array) => void (Atomics.load(words, 0) === 0 && Atomics.pause())],
    ['without a pause', () => {}],
    ['with a timed wait on a private word', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.05)],
  ])('reports a spin that nothing ends as a livelock, %s', (_, yieldTurn) => {
    const spin: ThreadBody = ({ memory }) => {
      while (Atomics.load(memory.int32, 0) === 0) yieldTurn(memory.int32);
    };
    expect(kindOf({ spin, other: ({ memory }) => Atomics.load(memory.int32, 0) })).toBe('livelock');
    assertProved(run({ spin, other: ({ memory }) => Atomics.store(memory.int32, 0, 1) }));
  });

  it('lets a bounded spin run out when nothing else can run', () => {
    const result = run({
      bounded: ({ memory }) => {
        for (let turn = 0; turn < 20; turn++) {
          if (Atomics.load(memory.int32, 0) === 1) return 'seen';
          Atomics.pause();
        }
        return 'gave up';
      },
    });
    assertProved(result);
  });

  it('reports two threads that undo each other forever by the step limit', () => {
    const flip = (from: number, to: number): ThreadBody => {
      return ({ memory }) => {
        for (;;) Atomics.compareExchange(memory.int32, 0, from, to);
      };
    };
    expect(kindOf({ a: flip(0, 1), b: flip(1, 0) }, { maxSteps: 100 })).toBe('step-limit');
  });

  it('reports a loop over plain memory by the step limit', () => {
    const result = run({
      spin: ({ memory }) => {
        while (memory.int32[0] === 0);
      },
    });
    expect(result.failure?.kind).toBe('step-limit');
  });
});

describe('errors', () => {
  it('reports what a thread throws', () => {
    const result = run({
      thrower: ({ memory }) => {
        if (Atomics.load(memory.int32, 0) === 1) throw new TypeError('one');
      },
      other: ({ memory }) => Atomics.store(memory.int32, 0, 1),
    });
    expect(result.failure).toMatchObject({ kind: 'uncaught-error', message: 'thrower: one' });
    expect(result.failure?.cause).toBeInstanceOf(TypeError);
  });

  it('reports a broken assertion, a broken final check and a broken step as a broken invariant', () => {
    const store: ThreadBody = ({ memory }) => {
      Atomics.store(memory.int32, 0, 1);
      Atomics.store(memory.int32, 0, 0);
    };
    expect(kindOf({ a: ({ assert }) => assert(false, 'no') })).toBe('broken-invariant');
    expect(kindOf({ store }, { check: () => expect(1).toBe(2) })).toBe('broken-invariant');
    const invariant = (memory: ModelMemory): void => {
      if (memory.int32[0] === 1) throw new Error('never 1');
    };
    expect(kindOf({ store }, { invariant })).toBe('broken-invariant');
  });

  it('sees a wrong state between independent writes of two threads with a per-step invariant', () => {
    const add =
      (index: number, delta: number): ThreadBody =>
      ({ memory }) =>
        Atomics.add(memory.int32, index, delta);
    const invariant = (memory: ModelMemory): void => {
      if (memory.int32[1] === 1 && memory.int32[0] === 0) throw new Error('second before first');
    };
    expect(kindOf({ a: add(0, 1), b: add(1, 1) }, { invariant })).toBe('broken-invariant');
  });

  it('lets invariants and ghost steps read the memory without being a step themselves', () => {
    const load = (memory: ModelMemory): number => Atomics.load(memory.int32, 0);
    const spin: ThreadBody = ({ memory, ghost }) => {
      while (Atomics.load(memory.int32, 0) === 0) ghost(() => load(memory));
    };
    const store: ThreadBody = ({ memory }) => Atomics.store(memory.int32, 0, 1);
    assertProved(run({ spin, store }, { invariant: (memory) => void load(memory), spinReads: 2 }));
  });

  it('explores all orders of ghost steps', () => {
    const orders = new Set<string>();
    const enter: ThreadBody<string[]> = ({ ghost, name }) => ghost((log) => void log.push(name));
    const result = explore<string[]>({
      memory: new ModelMemory(8),
      ghost: () => [],
      threads: { a: enter, b: enter },
      onOutcome: ({ ghost }) => orders.add(ghost.join('')),
    });
    assertProved(result);
    expect([...orders].sort()).toEqual(['ab', 'ba']);
  });
});

describe('refusals', () => {
  it.each([
    ['ERR_EXPLORER_OPTION', {}, {}],
    ['ERR_EXPLORER_OPTION', { a: () => {} }, { symmetric: [['b']] }],
    ['ERR_EXPLORER_OPTION', { a: ({ hasExited }: { hasExited(t: number): boolean }) => hasExited(0) }, {}],
    ['ERR_EXPLORER_NOT_ASYNC', { a: async () => {} }, {}],
    ['ERR_EXPLORER_SCHEDULE', { a: () => {} }, { schedule: 'zero' }],
    ['ERR_EXPLORER_SCHEDULE', { a: () => {} }, { schedule: '7' }],
  ] as [string, Record<string, ThreadBody>, Partial<ExploreOptions>][])('says %s', (code, threads, options) => {
    expect(() => run(threads, options)).toThrow(expect.objectContaining({ code }));
  });

  it('tells code that swallows the park signal', () => {
    const swallow: ThreadBody = ({ memory }) => {
      for (let turn = 0; turn < 5000; turn++) {
        try {
          if (Atomics.load(memory.int32, 0) === 1) return;
        } catch {
          // Planted: the signal must get through.
        }
      }
    };
    const store: ThreadBody = ({ memory }) => Atomics.store(memory.int32, 0, 1);
    expect(() => run({ swallow, store, other: swallow })).toThrow(
      expect.objectContaining({ code: 'ERR_EXPLORER_SWALLOWED' }),
    );
  });

  it('tells a body that does not depend on the memory alone', () => {
    let calls = 0;
    const fickle: ThreadBody = ({ memory }) => {
      Atomics.add(memory.int32, calls++ % 2, 1);
      Atomics.add(memory.int32, 2, 1);
    };
    const threads = { fickle, other: ({ memory }: { memory: ModelMemory }) => Atomics.add(memory.int32, 2, 1) };
    expect(() => run(threads)).toThrow(expect.objectContaining({ code: 'ERR_EXPLORER_NONDETERMINISTIC' }));
  });

  it('puts the real Atomics back, whatever happens', () => {
    const real = globalThis.Atomics;
    expect(() => run({ a: async () => {} })).toThrow();
    run({ a: () => expect(globalThis.Atomics).not.toBe(real) });
    expect(globalThis.Atomics).toBe(real);
  });
});
