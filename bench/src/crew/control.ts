// The words by which the main agent and its workers agree on what happens when.
//
// PHASES   0 starting, 1 warm-up, 2 and up: the measured phases in order, STOP: the end. Workers look between batches;
//          nobody times another agent's clock.

/** No further phase. */
export const STOP = 0x7fff;
export const STARTING = 0;
export const WARM_UP = 1;

const PHASE_WORD = 0;
const READY_WORD = 16;
const COMPACTING_WORD = 32;
const COUNTERS = 48;
/** Each worker's counter on a cache line of its own. */
const COUNTER_STRIDE = 16;

/** One agent's view of the control words. */
export class CrewControl {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  static create(workers: number): CrewControl {
    return new CrewControl(new SharedArrayBuffer((COUNTERS + (workers + 1) * COUNTER_STRIDE) * 4));
  }

  /** order: release, pairs with phase. */
  enter(phase: number): void {
    Atomics.store(this.#words, PHASE_WORD, phase);
    Atomics.notify(this.#words, PHASE_WORD);
  }

  phase(): number {
    // order: acquire, pairs with enter.
    return Atomics.load(this.#words, PHASE_WORD);
  }

  /** Back to the start, for the next cell. No worker is inside one. */
  reset(): void {
    Atomics.store(this.#words, PHASE_WORD, STARTING);
    Atomics.store(this.#words, READY_WORD, 0);
  }

  /** A worker is set up: counts it, and sleeps until the warm-up begins. */
  ready(): void {
    Atomics.add(this.#words, READY_WORD, 1);
    while (Atomics.load(this.#words, PHASE_WORD) === STARTING) Atomics.wait(this.#words, PHASE_WORD, STARTING);
  }

  readyCount(): number {
    return Atomics.load(this.#words, READY_WORD);
  }

  /** Worker `index` has done so many operations in this cell, modulo 2^32. */
  publishOperations(index: number, operations: number): void {
    // order: relaxed. The main agent draws a rate from it.
    Atomics.store(this.#words, COUNTERS + index * COUNTER_STRIDE, operations);
  }

  operationsOf(index: number): number {
    return Atomics.load(this.#words, COUNTERS + index * COUNTER_STRIDE);
  }

  compactionBegin(): void {
    Atomics.add(this.#words, COMPACTING_WORD, 1);
  }

  compactionEnd(): void {
    Atomics.sub(this.#words, COMPACTING_WORD, 1);
  }

  /** Plain: a stale value puts one sample into the wrong of two groups. */
  isCompacting(): boolean {
    return this.#words[COMPACTING_WORD] !== 0;
  }
}
