// Programs whose behaviour the literature settles. JavaScript's atomics are sequentially consistent, so what weak
// memory
// models allow (both zeros in store buffering) must not appear here.

import { assertProved, type ExploreOptions, type ExploreResult } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { type Body, program, type Words } from './words-program.ts';

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
