// Programs whose behaviour the literature settles. JavaScript's atomics are sequentially consistent, so what weak memory
// models allow (both zeros in store buffering) must not appear here.

import { assertProved, type ExploreOptions, type ExploreResult, explore, ModelMemory } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';

type Words = Int32Array;
type Body = (words: Words) => unknown;

function program(bodies: Record<string, Body>, options: Partial<ExploreOptions> = {}): ExploreResult {
  const memory = new ModelMemory(128);
  const threads = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, () => body(memory.int32)]));
  return explore({ memory, threads, ...options });
}

function resultsOf(bodies: Record<string, Body>): string[] {
  const seen = new Set<string>();
  assertProved(program(bodies, { onOutcome: ({ results }) => seen.add(results.join()) }));
  return [...seen].sort();
}

it('store buffering never ends with both loads 0', () => {
  const storeThenLoad =
    (mine: number, other: number): Body =>
    (words) => {
      Atomics.store(words, mine, 1);
      return Atomics.load(words, other);
    };
  expect(resultsOf({ a: storeThenLoad(0, 1), b: storeThenLoad(1, 0) })).toEqual(['0,1', '1,0', '1,1']);
});

describe('message passing', () => {
  const send =
    (flag: (words: Words) => void): Body =>
    (words) => {
      words[0] = 42;
      flag(words);
    };

  it('delivers the plain data behind an atomic flag', () => {
    const receive: Body = (words) => (Atomics.load(words, 1) === 1 ? words[0] : 'nothing');
    expect(resultsOf({ sender: send((words) => Atomics.store(words, 1, 1)), receiver: receive })).toEqual([
      ',42',
      ',nothing',
    ]);
  });

  it('is a data race behind a plain flag', () => {
    const receive: Body = (words) => (words[1] === 1 ? words[0] : 'nothing');
    const result = program({ sender: send((words) => void (words[1] = 1)), receiver: receive });
    expect(result.failure?.kind).toBe('data-race');
  });
});

/** Enters with `lock`, changes a plain word inside: two threads inside at once are a data race. */
function section(lock: Body, unlock: Body): Body {
  return (words) => {
    if (lock(words) === 'gave up') return;
    words[20] = words[20]! + 1;
    unlock(words);
  };
}

function exclusion(threads: Record<string, Body>, options: Partial<ExploreOptions> = {}): ExploreResult {
  return program(threads, {
    ...options,
    check: ({ memory }) => {
      if (memory.int32[20] !== Object.keys(threads).length) throw new Error(`${memory.int32[20]} sections`);
    },
  });
}

describe('Dekker', () => {
  // Words 0, 1: who wants in. Word 2: whose turn it is.
  const dekker = (me: number): Body =>
    section(
      (words) => {
        Atomics.store(words, me, 1);
        while (Atomics.load(words, 1 - me) === 1) {
          if (Atomics.load(words, 2) === me) {
            Atomics.pause();
            continue;
          }
          Atomics.store(words, me, 0);
          while (Atomics.load(words, 2) !== me) Atomics.pause();
          Atomics.store(words, me, 1);
        }
      },
      (words) => {
        Atomics.store(words, 2, 1 - me);
        Atomics.store(words, me, 0);
      },
    );

  it('excludes', () => assertProved(exclusion({ a: dekker(0), b: dekker(1) })));

  it('does not exclude when the flag is raised after looking', () => {
    const late = (me: number): Body =>
      section(
        (words) => {
          while (Atomics.load(words, 1 - me) === 1) Atomics.pause();
          Atomics.store(words, me, 1);
        },
        (words) => Atomics.store(words, me, 0),
      );
    expect(exclusion({ a: late(0), b: late(1) }).failure?.kind).toBe('data-race');
  });
});

describe('Peterson', () => {
  const peterson = (me: number, flagFirst: boolean): Body =>
    section(
      (words) => {
        if (flagFirst) Atomics.store(words, me, 1);
        Atomics.store(words, 2, 1 - me);
        if (!flagFirst) Atomics.store(words, me, 1);
        while (Atomics.load(words, 1 - me) === 1 && Atomics.load(words, 2) !== me) Atomics.pause();
      },
      (words) => Atomics.store(words, me, 0),
    );

  it('excludes', () => assertProved(exclusion({ a: peterson(0, true), b: peterson(1, true) })));

  it('does not exclude with its two stores exchanged', () => {
    expect(exclusion({ a: peterson(0, false), b: peterson(1, false) }).failure?.kind).toBe('data-race');
  });
});

describe('bakery', () => {
  // Words 0..1: choosing. Words 4..5: ticket.
  const bakery = (me: number, announces: boolean): Body =>
    section(
      (words) => {
        const other = 1 - me;
        if (announces) Atomics.store(words, me, 1);
        const ticket = Atomics.load(words, 4 + other) + 1;
        Atomics.store(words, 4 + me, ticket);
        if (announces) Atomics.store(words, me, 0);
        while (Atomics.load(words, other) === 1) Atomics.pause();
        for (;;) {
          const theirs = Atomics.load(words, 4 + other);
          if (theirs === 0 || theirs > ticket || (theirs === ticket && other > me)) return;
          Atomics.pause();
        }
      },
      (words) => Atomics.store(words, 4 + me, 0),
    );

  it('excludes', () => assertProved(exclusion({ a: bakery(0, true), b: bakery(1, true) })));

  it('does not exclude without announcing the choice of a ticket', () => {
    expect(exclusion({ a: bakery(0, false), b: bakery(1, false) }).failure?.kind).toBe('data-race');
  });
});

describe('seqlock', () => {
  // Word 0: sequence, odd while a write is under way. Words 1 and 2: data that must be seen together.
  const write: Body = (words) => {
    Atomics.add(words, 0, 1);
    words[1] = 7;
    words[2] = 7;
    Atomics.add(words, 0, 1);
  };
  const read =
    (rechecks: boolean): Body =>
    (words) => {
      for (;;) {
        const before = Atomics.load(words, 0);
        if ((before & 1) === 1) {
          Atomics.pause();
          continue;
        }
        const pair = `${words[1]} ${words[2]}`;
        if (!rechecks || Atomics.load(words, 0) === before) return pair;
      }
    };
  const isWhole: Partial<ExploreOptions> = {
    racy: (byteOffset) => byteOffset === 4 || byteOffset === 8,
    check: ({ results }) => {
      if (!['0 0', '7 7'].includes(String(results[1]))) throw new Error(`torn: ${String(results[1])}`);
    },
  };

  it('never returns a torn pair, its reads being annotated as racy', () => {
    assertProved(program({ writer: write, reader: read(true) }, isWhole));
  });

  it('returns one without the second look at the sequence', () => {
    expect(program({ writer: write, reader: read(false) }, isWhole).failure?.kind).toBe('broken-invariant');
  });

  it('is a data race where nothing is annotated', () => {
    expect(program({ writer: write, reader: read(true) }).failure?.kind).toBe('data-race');
  });
});

describe('Treiber stack', () => {
  // Word 0: top (node number, with a tag in the upper half). Words 1..3: next of nodes 1..3. Nodes 1 over 2 over 3 at first.
  const node = (top: number): number => top & 0xff;
  const setup = ({ int32 }: ModelMemory): void => int32.set([1, 2, 3, 0]);
  const pop = (words: Words): number => {
    for (;;) {
      const top = Atomics.load(words, 0);
      if (node(top) === 0) return 0;
      const next = Atomics.load(words, node(top));
      if (Atomics.compareExchange(words, 0, top, (top & ~0xff) | next) === top) return node(top);
    }
  };
  const push = (words: Words, n: number, tag: number): void => {
    for (;;) {
      const top = Atomics.load(words, 0);
      Atomics.store(words, n, node(top));
      if (Atomics.compareExchange(words, 0, top, (((top >> 8) + tag) << 8) | n) === top) return;
    }
  };
  const recycling =
    (tag: number): Body =>
    (words) => {
      const first = pop(words);
      const second = pop(words);
      push(words, first, tag);
      return second;
    };
  const stack = (tag: number): ExploreResult =>
    program(
      { popper: pop, recycler: recycling(tag) },
      {
        setup,
        check: ({ memory, results }) => {
          const held = [results[0], results[1]];
          for (let n = node(memory.int32[0]!); n !== 0; n = memory.int32[n]!) held.push(n);
          if (held.sort().join() !== '1,2,3') throw new Error(`held or on the stack: ${held.join()}`);
        },
      },
    );

  it('suffers from ABA without a tag', () => {
    const { failure } = stack(0);
    expect(failure?.kind).toBe('broken-invariant');
    // The popper reads top and next, the other one takes two nodes and puts the first back, the popper's swap succeeds.
    expect(failure?.schedule.split(' ')).toHaveLength(3);
  });

  it('does not with one', () => assertProved(stack(1)));
});

describe('Michael-Scott queue', () => {
  // Word 0: head. Word 1: tail. Words 4..: next of node n. Words 8..: its value. Node 1 is the dummy.
  const NEXT = 4;
  const VALUE = 8;
  const setup = ({ int32 }: ModelMemory): void => int32.set([1, 1]);
  const enqueue = (words: Words, n: number, value: number, isAtomic = true): void => {
    words[VALUE + n] = value;
    for (;;) {
      const tail = Atomics.load(words, 1);
      const next = Atomics.load(words, NEXT + tail);
      if (next !== 0) {
        Atomics.compareExchange(words, 1, tail, next);
        continue;
      }
      if (!isAtomic) Atomics.store(words, NEXT + tail, n);
      else if (Atomics.compareExchange(words, NEXT + tail, 0, n) !== 0) continue;
      Atomics.compareExchange(words, 1, tail, n);
      return;
    }
  };
  const dequeue = (words: Words): number => {
    for (;;) {
      const head = Atomics.load(words, 0);
      const next = Atomics.load(words, NEXT + head);
      if (next === 0) return 0;
      const tail = Atomics.load(words, 1);
      if (head === tail) {
        Atomics.compareExchange(words, 1, tail, next);
        continue;
      }
      const value = words[VALUE + next]!;
      if (Atomics.compareExchange(words, 0, head, next) === head) return value;
    }
  };
  const queue = (isAtomic: boolean): ExploreResult =>
    program(
      {
        first: (words) => enqueue(words, 2, 20, isAtomic),
        second: (words) => enqueue(words, 3, 30, isAtomic),
        taker: dequeue,
      },
      {
        setup,
        check: ({ memory, results }) => {
          const rest = Array.from({ length: 3 }, () => dequeue(memory.int32));
          const values = [results[2] as number, ...rest].filter((v) => v !== 0);
          if (values.sort().join() !== '20,30') throw new Error(`queued 20 and 30, got ${values.join()}`);
        },
      },
    );

  it('loses nothing', () => assertProved(queue(true)));

  it('loses an element when the link is stored without a compare-exchange', () => {
    expect(queue(false).failure?.kind).toBe('broken-invariant');
  });
});

describe('futex mutex', () => {
  // Word 0: 0 free, 1 held, 2 held and somebody may sleep (Drepper, "Futexes are tricky", mutex 2).
  const lock: Body = (words) => {
    if (Atomics.compareExchange(words, 0, 0, 1) === 0) return;
    while (Atomics.exchange(words, 0, 2) !== 0) Atomics.wait(words, 0, 2);
  };
  const unlock: Body = (words) => {
    if (Atomics.exchange(words, 0, 0) === 2) Atomics.notify(words, 0, 1);
  };

  it('excludes two and three threads and wakes all sleepers', () => {
    const thread = section(lock, unlock);
    assertProved(exclusion({ a: thread, b: thread }));
    assertProved(exclusion({ a: thread, b: thread, c: thread }, { symmetric: [['a', 'b', 'c']] }));
  });

  it('loses a wakeup when the woken takes the lock as uncontended', () => {
    const forgetful: Body = (words) => {
      for (;;) {
        if (Atomics.compareExchange(words, 0, 0, 1) === 0) return;
        if (Atomics.compareExchange(words, 0, 1, 2) !== 0) Atomics.wait(words, 0, 2);
      }
    };
    const thread = section(forgetful, unlock);
    const result = exclusion({ a: thread, b: thread, c: thread }, { preemptions: 2 });
    expect(result.failure?.kind).toBe('lost-wakeup');
  });

  it('loses a wakeup that a timeout covers up, which counts', () => {
    const timed: Body = (words) => {
      while (Atomics.compareExchange(words, 0, 0, 1) !== 0) Atomics.wait(words, 0, 1, 100);
    };
    const silent: Body = (words) => Atomics.store(words, 0, 0);
    const thread = section(timed, silent);
    expect(exclusion({ a: thread, b: thread }).failure?.kind).toBe('lost-wakeup');
    assertProved(exclusion({ a: thread, b: thread }, { timeouts: 'last-resort' }));
  });
});
