// The words by which the main agent of a replay and its workers agree on what happens when.

/** Phases, in order. Workers look between batches; nobody times another agent's clock. */
export const PHASE = { starting: 0, warmUp: 1, measure: 2, stop: 3 } as const;

const PHASE_WORD = 0;
const READY_WORD = 1;
const COMPACTING_WORD = 2;
const WORDS = 16;

/** One agent's view of the control words. */
export class ReplayControl {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** order: release, pairs with phase. */
  enter(phase: number): void {
    Atomics.store(this.#words, PHASE_WORD, phase);
    Atomics.notify(this.#words, PHASE_WORD);
  }

  phase(): number {
    return Atomics.load(this.#words, PHASE_WORD);
  }

  /** A worker is set up: counts it, and sleeps until the warm-up begins. */
  ready(): void {
    Atomics.add(this.#words, READY_WORD, 1);
    while (Atomics.load(this.#words, PHASE_WORD) === PHASE.starting) {
      Atomics.wait(this.#words, PHASE_WORD, PHASE.starting);
    }
  }

  readyCount(): number {
    return Atomics.load(this.#words, READY_WORD);
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
