// xmalloc-test: some threads only allocate, and others only free what those have allocated.
//
// Source: the description of Lever and Boreham's malloc-test with freeing threads, and of xmalloc-test in the overview of
// mimalloc-bench; written afresh.
//
// RING      of records for each pair of workers, and two counters: what was put in, what was taken out.
// RULES
//   1. Only the producer stores `put`, after the record; only the consumer stores `taken`, after the record is empty.
//   2. Records from taken to put - 1 are the consumer's, the others the producer's.
//   3. A worker without a partner does both in turn, on a ring of its own.

import type { Steps } from '../crew/steps.ts';
import { OBJECT_BYTES_MIN } from './heap.ts';
import type { ObjectSteps } from './object-steps.ts';
import type { Pattern, PatternWorker } from './pattern.ts';

const RING_RECORDS = 2048;
const SIZE_MAX = 256;
/** The counters of a ring lie on cache lines of their own. */
const LINE_WORDS = 16;
const RING_WORDS = 2 * LINE_WORDS;
/** A worker without a partner changes its role after so many. */
const ALONE_RECORDS = 64;

const ringsFor = (workers: number): number => Math.ceil(workers / 2);

class Ring {
  readonly #objects: ObjectSteps;
  readonly #words: Int32Array;
  readonly #put: number;
  readonly #taken: number;
  readonly #firstRecord: number;

  constructor({ objects, words }: PatternWorker, ring: number) {
    this.#objects = objects;
    this.#words = words;
    this.#put = ring * RING_WORDS;
    this.#taken = this.#put + LINE_WORDS;
    this.#firstRecord = ring * RING_RECORDS;
  }

  #recordAt(count: number): number {
    return this.#firstRecord + (count & (RING_RECORDS - 1));
  }

  produce(): number {
    const put = this.#words[this.#put]!;
    // order: acquire, pairs with the store in consume. The record is empty.
    if (((put - Atomics.load(this.#words, this.#taken)) | 0) >= RING_RECORDS) return 0;
    const { random } = this.#objects;
    const size = OBJECT_BYTES_MIN + random.below(SIZE_MAX - OBJECT_BYTES_MIN + 1);
    const done = this.#objects.put(this.#recordAt(put), size);
    // order: release, pairs with the load in consume. The record and the object are visible.
    if (done > 0) Atomics.store(this.#words, this.#put, (put + 1) | 0);
    return done;
  }

  consume(): number {
    const taken = this.#words[this.#taken]!;
    // order: acquire, pairs with the store in produce.
    if (Atomics.load(this.#words, this.#put) === taken) return 0;
    const done = this.#objects.drop(this.#recordAt(taken));
    // order: release, pairs with the load in produce.
    Atomics.store(this.#words, this.#taken, (taken + 1) | 0);
    return done;
  }
}

/** A worker without a partner. */
class AloneSteps implements Steps {
  readonly #ring: Ring;
  #count = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  step(): number {
    const produces = this.#count++ % (2 * ALONE_RECORDS) < ALONE_RECORDS;
    return produces ? this.#ring.produce() : this.#ring.consume();
  }
}

export const xmallocTest: Pattern = {
  id: 'xmalloc-test',
  title: 'xmalloc-test: one worker allocates, another frees',
  description:
    'In pairs, one worker allocates objects of 8 to 256 bytes into a ring of 2048 and the other checks and frees them; a worker without a partner does both in turn. Every free is of an object that another worker has allocated.',
  operation: 'a malloc with its write, or a free with its check',
  poolBytes: (workers) => ringsFor(workers) * RING_RECORDS * SIZE_MAX,
  records: (workers) => ringsFor(workers) * RING_RECORDS,
  words: (workers) => ringsFor(workers) * RING_WORDS,
  steps(worker) {
    const { index, workers } = worker;
    const ring = new Ring(worker, index >> 1);
    if (index % 2 === 0 && index + 1 === workers) return new AloneSteps(ring);
    return { step: index % 2 === 0 ? () => ring.produce() : () => ring.consume() };
  },
};
