// How the agents of a replay wait for each other, under every schedule.

import { ModelMemory, assertProved, explore } from '@zsmalloc/explorer';
import type { ExploreResult } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { BARRIER_WORDS, Barrier } from '../src/trace-replay/barrier.ts';
import { ObjectStates } from '../src/trace-replay/object-states.ts';

const FOREVER = Number.POSITIVE_INFINITY;
const OBJECT = 0;
const LAP = 1;
const USES = 2;
/** Words: handle, ready, uses, uses at the start, content. */
const CONTENT = 4;

interface Context {
  readonly memory: ModelMemory;
}

type Kind = typeof ObjectStates;

function statesOf(memory: ModelMemory, States: Kind): ObjectStates {
  const word = (at: number): Int32Array => memory.view('int32', at * 4, 1) as unknown as Int32Array;
  return new States({ handles: word(0), ready: word(1), uses: word(2), usesAtStart: word(3) });
}

/** An agent allocates and fills an object that others read; `stale` is left in the ready word from the lap before. */
function exploreReady(readers: number, stale: number, States: Kind = ObjectStates): ExploreResult {
  const owner = ({ memory }: Context): void => {
    const states = statesOf(memory, States);
    memory.int32[CONTENT] = 42;
    states.handles[OBJECT] = 7;
    states.publish(OBJECT, LAP);
  };
  const reader = ({ memory }: Context): number => {
    const states = statesOf(memory, States);
    while (!states.isReady(OBJECT, LAP)) states.sleepUntilReady(OBJECT, LAP, FOREVER);
    return states.handles[OBJECT]! + memory.int32[CONTENT]!;
  };
  return explore({
    memory: new ModelMemory(64),
    setup: (memory) => void (memory.int32[1] = stale),
    threads: [owner, ...Array.from({ length: readers }, () => reader)],
    check: ({ results }) => {
      if (results.slice(1).some((sum) => sum !== 49)) throw new Error(`read ${results.slice(1).join(' and ')}, not 49`);
    },
  });
}

/** Two agents use an object that a third frees, and the lap after it begins with the same count. */
function exploreQuiet(States: Kind = ObjectStates): ExploreResult {
  const user = ({ memory }: Context): number => {
    const seen = memory.int32[CONTENT]!;
    statesOf(memory, States).useDone(OBJECT);
    return seen;
  };
  const freer = ({ memory }: Context): void => {
    const states = statesOf(memory, States);
    while (!states.isQuiet(OBJECT)) states.sleepUntilQuiet(OBJECT, FOREVER);
    states.resetUses(OBJECT);
    // Another object lies here now.
    memory.int32[CONTENT] = 0;
  };
  return explore({
    memory: new ModelMemory(64),
    setup: (memory) => {
      memory.int32[2] = USES;
      memory.int32[3] = USES;
      memory.int32[CONTENT] = 42;
    },
    threads: [freer, user, user],
    check: ({ memory, results }) => {
      if (results.slice(1).some((seen) => seen !== 42)) throw new Error('an object was used after its free');
      if (memory.int32[2] !== USES) throw new Error(`the next lap begins with ${memory.int32[2]} uses`);
    },
  });
}

/** Workers meet; each leaves a mark in front of a barrier, and reads all marks behind it. */
function exploreBarrier(workers: number, rounds: number, Kind: typeof Barrier = Barrier): ExploreResult {
  const marks = BARRIER_WORDS + 1;
  const worker = (index: number) => (context: Context) => {
    const { int32 } = context.memory;
    const barrier = new Kind(int32 as unknown as Int32Array, workers);
    let sum = 0;
    for (let round = 0; round < rounds; round++) {
      int32[marks + round * workers + index] = 1;
      barrier.meet(() => int32[BARRIER_WORDS]!++);
      for (let other = 0; other < workers; other++) sum += int32[marks + round * workers + other]!;
    }
    return sum;
  };
  return explore({
    memory: new ModelMemory(256),
    threads: Array.from({ length: workers }, (_, index) => worker(index)),
    check: ({ memory, results }) => {
      if (memory.int32[BARRIER_WORDS] !== rounds)
        throw new Error(`${memory.int32[BARRIER_WORDS]} times somebody was last`);
      if (results.some((sum) => sum !== rounds * workers)) throw new Error('a worker went on before all had come');
    },
  });
}

describe('waiting for an object to be ready, in every schedule', () => {
  it.each([
    ['one reader', 1, 0],
    ['two readers', 2, 0],
    ['one reader, and a mark of a sleeper of the lap before', 1, 1],
  ])('wakes everybody, with handle and content visible: %s', (_, readers, stale) => {
    assertProved(exploreReady(readers, stale));
  });

  it('would sleep forever if the publisher overlooked the mark of a sleeper', () => {
    class Overlooking extends ObjectStates {
      readonly #ready: Int32Array;

      constructor(words: ConstructorParameters<Kind>[0]) {
        super(words);
        this.#ready = words.ready;
      }

      override publish(object: number, lap: number): void {
        const before = Atomics.load(this.#ready, object);
        Atomics.store(this.#ready, object, lap * 2);
        if ((before & 1) === 1) Atomics.notify(this.#ready, object);
      }
    }
    expect(exploreReady(1, 0, Overlooking as unknown as Kind).failure?.message).toContain('sleeps');
  });

  it('would read too early if it did not wait', () => {
    class Hasty extends ObjectStates {
      override isReady(): boolean {
        return true;
      }
    }
    expect(exploreReady(1, 0, Hasty as unknown as Kind).failure?.message).toMatch(/unordered|not 49/);
  });
});

describe('waiting for the last use of an object, in every schedule', () => {
  it('frees when both are done, and not before', () => {
    assertProved(exploreQuiet());
  });

  it('would sleep forever if users did not see that somebody sleeps', () => {
    class Silent extends ObjectStates {
      readonly #uses: Int32Array;

      constructor(words: ConstructorParameters<Kind>[0]) {
        super(words);
        this.#uses = words.uses;
      }

      override useDone(object: number): void {
        Atomics.sub(this.#uses, object, 1);
      }
    }
    expect(exploreQuiet(Silent as unknown as Kind).failure?.message).toContain('sleeps');
  });
});

describe('the barrier, in every schedule', () => {
  it.each([
    [2, 2],
    [3, 1],
  ])('holds %i workers until the last has come, %i times', (workers, rounds) => {
    assertProved(exploreBarrier(workers, rounds));
  });

  it('would let workers pass or hang if it counted back to 0 too late', () => {
    class Late extends Barrier {
      readonly #words: Int32Array;
      readonly #workers: number;

      constructor(words: Int32Array, workers: number) {
        super(words, workers);
        this.#words = words;
        this.#workers = workers;
      }

      override meet(last: () => void): void {
        const generation = Atomics.load(this.#words, 16);
        if (Atomics.add(this.#words, 0, 1) === this.#workers - 1) {
          last();
          Atomics.add(this.#words, 16, 1);
          Atomics.notify(this.#words, 16);
          Atomics.store(this.#words, 0, 0);
          return;
        }
        while (Atomics.load(this.#words, 16) === generation) Atomics.wait(this.#words, 16, generation);
      }
    }
    expect(exploreBarrier(2, 2, Late as unknown as typeof Barrier).failure?.message).toMatch(
      /sleeps|unordered|went on|was last/,
    );
  });
});
