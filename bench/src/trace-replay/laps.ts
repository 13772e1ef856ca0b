// The laps of a replay: all workers begin one together, and wait for each other at its end. The last to arrive decides
// what comes next and reads the clock, so that a lap lasts from the first start to the last end.
//
// KINDS    order: recorded, and compared with the trace. warmUp. measure. stop: no further lap.

import { BARRIER_WORDS, Barrier } from './barrier.ts';

/** What a lap is for. */
export const LAP = { order: 0, warmUp: 1, measure: 2, stop: 3 } as const;

const KIND_WORD: number = BARRIER_WORDS;
const LAP_WORD: number = BARRIER_WORDS + 1;
const WORDS: number = BARRIER_WORDS + 2;
/** Doubles: begin of the replay, begin of the measured laps, begin of this lap, sum of the measured laps, and how many. */
const DOUBLES = { replay: 0, measured: 1, lap: 2, sum: 3, laps: 4 } as const;
const DOUBLE_COUNT = 8;

/** Measured laps are at least so many: a single one says nothing. */
const LAPS_MIN = 3;

/** Plain data for `workerData`. */
export interface LapsDescriptor {
  readonly words: SharedArrayBuffer;
  readonly doubles: SharedArrayBuffer;
  readonly workers: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export function createLaps(workers: number, warmUpMs: number, measureMs: number): LapsDescriptor {
  const words = new SharedArrayBuffer(WORDS * 4);
  const doubles = new SharedArrayBuffer(DOUBLE_COUNT * 8);
  return { words, doubles, workers, warmUpMs, measureMs };
}

/** One clock for all workers of the process. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One worker's view. */
export class Laps {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #descriptor: LapsDescriptor;
  readonly #barrier: Barrier;

  constructor(descriptor: LapsDescriptor) {
    this.#words = new Int32Array(descriptor.words);
    this.#doubles = new Float64Array(descriptor.doubles);
    this.#descriptor = descriptor;
    this.#barrier = new Barrier(this.#words, descriptor.workers);
  }

  /** Number of the lap, from 1. */
  get lap(): number {
    return this.#words[LAP_WORD]!;
  }

  /** Sleeps until all workers are here, and returns the LAP kind that begins now. */
  begin(): number {
    this.#barrier.meet(() => this.#decide());
    return this.#words[KIND_WORD]!;
  }

  /** Sleeps until all workers have ended the lap. */
  end(): void {
    this.#barrier.meet(() => {
      if (this.#words[KIND_WORD] !== LAP.measure) return;
      this.#doubles[DOUBLES.sum]! += nowMs() - this.#doubles[DOUBLES.lap]!;
      this.#doubles[DOUBLES.laps]!++;
    });
  }

  /** Seconds of the measured laps, and how many there were. Caller: the main agent, at the end. */
  measured(): { seconds: number; laps: number } {
    return { seconds: this.#doubles[DOUBLES.sum]! / 1000, laps: this.#doubles[DOUBLES.laps]! };
  }

  #decide(): void {
    const now = nowMs();
    const times = this.#doubles;
    const { warmUpMs, measureMs } = this.#descriptor;
    const lap = ++this.#words[LAP_WORD]!;
    if (lap === 1) times[DOUBLES.replay] = now;
    if (lap > 1) {
      let kind = this.#words[KIND_WORD]!;
      if (kind === LAP.order) kind = LAP.warmUp;
      else if (kind === LAP.warmUp && now - times[DOUBLES.replay]! >= warmUpMs) {
        kind = LAP.measure;
        times[DOUBLES.measured] = now;
      } else if (kind === LAP.measure) {
        const enough = now - times[DOUBLES.measured]! >= measureMs && times[DOUBLES.laps]! >= LAPS_MIN;
        if (enough) kind = LAP.stop;
      }
      this.#words[KIND_WORD] = kind;
    }
    times[DOUBLES.lap] = now;
  }
}
