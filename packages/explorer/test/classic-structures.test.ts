// Lock-free structures of the literature, with the mistakes they are known for.

import { assertProved, type ExploreOptions, type ExploreResult, type ModelMemory } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { type Body, program, type Words } from './words-program.ts';

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
  // Word 0: top (node number, with a tag in the upper half). Words 1..3: next of nodes 1..3. Nodes 1 over 2 over 3
  // at first.
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
