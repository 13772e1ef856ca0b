// A barrier for the workers of a replay, used again and again.
//
// WORDS    arrived: workers that are here. generation: how often all have been, modulo 2^32.
//
// RULES
//   1. The last to arrive runs `last` while the others are still held, then lets them go.
//   2. It takes `arrived` back to 0 before it changes the generation: whoever goes on may arrive again at once.

/** Words that a barrier takes; the two in use lie on cache lines of their own. */
export const BARRIER_WORDS = 32;
const ARRIVED = 0;
const GENERATION = 16;

/** One worker's view. */
export class Barrier {
  readonly #words: Int32Array;
  readonly #workers: number;

  /** @param words BARRIER_WORDS words, zero at first. */
  constructor(words: Int32Array, workers: number) {
    this.#words = words;
    this.#workers = workers;
  }

  /** Sleeps until all workers are here. */
  meet(last: () => void): void {
    const words = this.#words;
    // order: acquire, pairs with the add below. Read before arriving: afterwards it may have changed.
    const generation = Atomics.load(words, GENERATION);
    // order: acq_rel, pairs with itself. The last worker sees what all have done.
    if (Atomics.add(words, ARRIVED, 1) === this.#workers - 1) {
      last();
      // order: relaxed. The add below publishes it.
      Atomics.store(words, ARRIVED, 0);
      // order: release, pairs with the loads of those who wait.
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
      return;
    }
    // order: acquire, pairs with the add above.
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }
}
