// The words by which the main agent of a workload and its workers agree on what happens when.

/** Phases, in order. Workers look between batches; nobody times another agent's clock. */
export const PHASE = { starting: 0, warmUp: 1, measure: 2, stop: 3 } as const;

const PHASE_WORD = 0;
/** On a cache line of its own. */
const READY_WORD = 16;
/** A line for each worker, by its index from 1. */
const COUNTER_WORD = 16;
const COUNTER_STRIDE = 16;
const WORKERS_MAX = 32;
const WORDS: number = COUNTER_WORD + (WORKERS_MAX + 1) * COUNTER_STRIDE;

/** One agent's view of the words. */
export class WorkloadControl {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  enter(phase: number): void {
    // order: release, pairs with phase. What was prepared is visible to workers that see the phase.
    Atomics.store(this.#words, PHASE_WORD, phase);
    Atomics.notify(this.#words, PHASE_WORD);
  }

  phase(): number {
    // order: acquire, pairs with enter.
    return Atomics.load(this.#words, PHASE_WORD);
  }

  /** A worker is set up: counts it, and sleeps until the first phase begins. */
  ready(): void {
    // order: release, pairs with readyCount.
    Atomics.add(this.#words, READY_WORD, 1);
    while (this.phase() === PHASE.starting) Atomics.wait(this.#words, PHASE_WORD, PHASE.starting);
  }

  /** A worker says how far it has come. @param index From 1. */
  count(index: number, operations: number): void {
    // order: relaxed, no partner. Who watches the warm-up compares rates.
    Atomics.store(this.#words, COUNTER_WORD + index * COUNTER_STRIDE, operations);
  }

  operationsOf(index: number): number {
    // order: relaxed, no partner. As in count.
    return Atomics.load(this.#words, COUNTER_WORD + index * COUNTER_STRIDE);
  }

  readyCount(): number {
    // order: acquire, pairs with ready.
    return Atomics.load(this.#words, READY_WORD);
  }
}
