// The words by which the main agent of a workload and its workers agree on what happens when.

import { availableParallelism } from 'node:os';

/** Phases, in order. Workers look between batches; nobody times another agent's clock. */
export const PHASE = { starting: 0, warmUp: 1, measure: 2, stop: 3 } as const;

/** Of processor time: V8 has compiled the steps of a workload by then, in each agent for itself. */
const WARM_UP_MS_MIN = 100;
const WARM_UP_SHARE = 0.4;

/** Milliseconds of warm-up before `seconds` are measured: more where agents share cores. */
export function warmUpMs(seconds: number, agents: number): number {
  return Math.max(WARM_UP_MS_MIN, seconds * 1000 * WARM_UP_SHARE) * Math.max(1, agents / availableParallelism());
}

const PHASE_WORD = 0;
/** On a cache line of its own. */
const READY_WORD = 16;
const WORDS = 32;

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

  readyCount(): number {
    // order: acquire, pairs with ready.
    return Atomics.load(this.#words, READY_WORD);
  }
}
