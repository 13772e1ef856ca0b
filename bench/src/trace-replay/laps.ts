// The laps of a replay: all workers begin one together, and wait for each other at its end. The last to arrive decides
// what comes next and reads the clock, so that a lap lasts from the first start to the last end.
//
// KINDS    order: recorded, and compared with the trace. warmUp. measure. stop: no further lap.

import { isSteady } from '../crew/warm-up.ts';
import type { WarmUp } from '../crew/warm-up.ts';
import { BARRIER_WORDS, Barrier } from './barrier.ts';

/** What a lap is for. */
export const LAP = { order: 0, warmUp: 1, measure: 2, stop: 3 } as const;

const KIND_WORD: number = BARRIER_WORDS;
const LAP_WORD: number = BARRIER_WORDS + 1;
/** Laps of the warm-up that have ended. */
const WARM_LAPS_WORD: number = BARRIER_WORDS + 2;
/** 1 when the warm-up was seen to end. */
const STEADY_WORD: number = BARRIER_WORDS + 3;
const WORDS: number = BARRIER_WORDS + 4;
/** Warm-up laps that are compared with as many before them. */
const COMPARED = 3;
/** Doubles: begin of the warm-up, begin of the measured laps, begin of this lap, sum of the measured laps, and how many; then rates of the last laps of the warm-up. */
const DOUBLES = { warmUp: 0, measured: 1, lap: 2, sum: 3, laps: 4, rates: 5 } as const;
const RATES: number = 2 * COMPARED;
const DOUBLE_COUNT: number = DOUBLES.rates + RATES;

/** Measured laps are at least so many: a single one says nothing. */
const LAPS_MIN = 3;
/** V8 compiles meanwhile. */
const WARM_UP_MS_MIN = 100;
/** Patience: a warm-up that is not steady by then has not been seen to end, and the cell says so. */
const WARM_UP_MS_MAX = 1000;

/** Plain data for `workerData`. */
export interface LapsDescriptor {
  readonly words: SharedArrayBuffer;
  readonly doubles: SharedArrayBuffer;
  readonly workers: number;
  readonly measureMs: number;
}

export function createLaps(workers: number, measureMs: number): LapsDescriptor {
  const words = new SharedArrayBuffer(WORDS * 4);
  const doubles = new SharedArrayBuffer(DOUBLE_COUNT * 8);
  return { words, doubles, workers, measureMs };
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
      const ms = nowMs() - this.#doubles[DOUBLES.lap]!;
      const kind = this.#words[KIND_WORD];
      if (kind === LAP.warmUp) this.#doubles[DOUBLES.rates + (this.#words[WARM_LAPS_WORD]!++ % RATES)] = 1 / ms;
      if (kind !== LAP.measure) return;
      this.#doubles[DOUBLES.sum]! += ms;
      this.#doubles[DOUBLES.laps]!++;
    });
  }

  /** Seconds of the measured laps, how many there were, and the warm-up before them. Caller: the main agent, at the end. */
  measured(): { seconds: number; laps: number; warmUp: WarmUp } {
    const times = this.#doubles;
    const ms = times[DOUBLES.measured]! - times[DOUBLES.warmUp]!;
    const warmUp = { ms, steady: this.#words[STEADY_WORD] === 1 };
    return { seconds: times[DOUBLES.sum]! / 1000, laps: times[DOUBLES.laps]!, warmUp };
  }

  /** Rates of the last laps of the warm-up, in their order. */
  #warmRates(): number[] {
    const laps = this.#words[WARM_LAPS_WORD]!;
    return Array.from(
      { length: Math.min(laps, RATES) },
      (_, index) => this.#doubles[DOUBLES.rates + ((Math.max(laps, RATES) + index) % RATES)]!,
    );
  }

  #isWarm(now: number): boolean {
    const ms = now - this.#doubles[DOUBLES.warmUp]!;
    const steady = isSteady(this.#warmRates(), COMPARED);
    this.#words[STEADY_WORD] = steady ? 1 : 0;
    return ms >= WARM_UP_MS_MAX || (steady && ms >= WARM_UP_MS_MIN);
  }

  #decide(): void {
    const now = nowMs();
    const times = this.#doubles;
    const lap = ++this.#words[LAP_WORD]!;
    if (lap > 1) {
      let kind = this.#words[KIND_WORD]!;
      if (kind === LAP.order) {
        kind = LAP.warmUp;
        times[DOUBLES.warmUp] = now;
      } else if (kind === LAP.warmUp && this.#isWarm(now)) {
        kind = LAP.measure;
        times[DOUBLES.measured] = now;
      } else if (kind === LAP.measure) {
        const enough = now - times[DOUBLES.measured]! >= this.#descriptor.measureMs && times[DOUBLES.laps]! >= LAPS_MIN;
        if (enough) kind = LAP.stop;
      }
      this.#words[KIND_WORD] = kind;
    }
    times[DOUBLES.lap] = now;
  }
}
