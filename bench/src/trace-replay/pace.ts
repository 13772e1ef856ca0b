// Keeps the agents of a replay together. Dependencies alone would let one allocate from the first call to the last before
// another begins to free, and the replay would need memory that the program never did.
//
// RULES
//   1. An agent stores the position, in the trace, of the call that it makes next; before it sleeps, exactly.
//   2. No agent goes further than WINDOW_CALLS ahead of the last one. The last one is never held up by this, nor by a
//      dependency: what it could wait for stands before it in the trace, and is done.

/** Of the trace, between the first agent and the last. */
export const WINDOW_CALLS = 4096;
/** The positions lie on cache lines of their own. */
const LINE_WORDS = 16;
const FINISHED = 0x7fffffff;
/** Until the next look at the last agent's position. */
const SLEEP_MS = 0.1;

export function createPace(agents: number): SharedArrayBuffer {
  return new SharedArrayBuffer(agents * LINE_WORDS * 4);
}

/** One agent's view. */
export class Pace {
  readonly #words: Int32Array;
  readonly #own: number;
  /** Up to here the last look allows it to go. */
  #limit = 0;

  /** @param agent Index among those of the plan. */
  constructor(buffer: SharedArrayBuffer, agent: number) {
    this.#words = new Int32Array(buffer);
    this.#own = agent * LINE_WORDS;
  }

  /** The agent makes the call at `position` next. */
  store(position: number): void {
    // order: relaxed. A stale position makes others wait a little longer.
    Atomics.store(this.#words, this.#own, position);
  }

  begin(): void {
    this.#limit = 0;
    this.store(0);
  }

  finish(): void {
    this.store(FINISHED);
  }

  mayGoTo(position: number): boolean {
    if (position <= this.#limit) return true;
    let last = FINISHED;
    // order: relaxed. See store.
    for (let at = 0; at < this.#words.length; at += LINE_WORDS) last = Math.min(last, Atomics.load(this.#words, at));
    this.#limit = last + WINDOW_CALLS;
    return position <= this.#limit;
  }

  /** Sleeps a little. */
  sleep(): void {
    Atomics.wait(this.#words, this.#own, Atomics.load(this.#words, this.#own), SLEEP_MS);
  }
}
