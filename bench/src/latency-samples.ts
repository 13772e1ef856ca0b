// Latencies as single samples, not buckets: percentiles are exact. One worker's samples are in its own memory, reserved
// before anything is timed, so that collecting them costs two stores.

import type { Histogram } from './model/measurement.ts';
import { quantileOfSorted } from './statistics.ts';

/** Most samples one worker keeps in one phase; later ones replace the first. */
const SAMPLES_MAX = 2 ** 20;

/** Plain data: the samples of one phase of one worker. */
export interface SampleBatch {
  readonly us: Float32Array;
  /** Which series each sample belongs to: a number below 256 that the task chooses. */
  readonly series: Uint8Array;
}

/** The samples of one worker. */
export class LatencySamples {
  readonly #us: Float32Array = new Float32Array(SAMPLES_MAX);
  readonly #series: Uint8Array = new Uint8Array(SAMPLES_MAX);
  #count = 0;

  record(ms: number, series: number): void {
    const at = this.#count++ % SAMPLES_MAX;
    this.#us[at] = ms * 1000;
    this.#series[at] = series;
  }

  /** What was recorded since the last call. */
  take(): SampleBatch {
    const kept = Math.min(this.#count, SAMPLES_MAX);
    this.#count = 0;
    return { us: this.#us.slice(0, kept), series: this.#series.slice(0, kept) };
  }
}

/** Samples below which a percentile would be a single extreme value. */
const SAMPLES_MIN = { p50: 10, p99: 200, p999: 2000 } as const;

/** Percentiles in microseconds; null with too few samples for one. */
export interface LatencyUs {
  readonly samples: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

/** Percentiles of ascending values. */
export function percentilesOf(ordered: Float32Array): LatencyUs {
  const at = (share: number, least: number): number | null =>
    ordered.length < least ? null : quantileOfSorted(ordered, share);
  return {
    samples: ordered.length,
    p50: at(0.5, SAMPLES_MIN.p50),
    p99: at(0.99, SAMPLES_MIN.p99),
    p999: at(0.999, SAMPLES_MIN.p999),
    max: at(1, 1),
  };
}

/** Samples of the given series of all workers together, ascending. */
export function collectSamples(batches: readonly SampleBatch[], wanted: readonly number[]): Float32Array {
  const isWanted = new Uint8Array(256);
  for (const number of wanted) isWanted[number] = 1;
  const size = batches.reduce((sum, { series }) => sum + series.reduce((count, own) => count + isWanted[own]!, 0), 0);
  const all = new Float32Array(size);
  let at = 0;
  for (const { us, series } of batches) {
    for (let index = 0; index < us.length; index++) if (isWanted[series[index]!] === 1) all[at++] = us[index]!;
  }
  return all.sort();
}

/** Buckets to a doubling of the value: a bucket is 19 % wide. */
const BUCKETS_PER_OCTAVE = 4;

/** Lower end of bucket `index`, in microseconds; bucket 0 is everything below 2^-5 us, which no clock here resolves. */
function floorOf(index: number): number {
  return index === 0 ? 0 : 2 ** ((index - 1) / BUCKETS_PER_OCTAVE - 5);
}

/** Ascending values by bucket, for plots; null without values. Percentiles come from the values themselves. */
export function histogramOf(ordered: Float32Array): Histogram | null {
  if (ordered.length === 0) return null;
  const floors: number[] = [];
  const counts: number[] = [];
  let at = 0;
  for (let bucket = 0; at < ordered.length; bucket++) {
    const end = floorOf(bucket + 1);
    const start = at;
    while (at < ordered.length && ordered[at]! < end) at++;
    // Leading buckets that are empty say nothing.
    if (at === start && counts.length === 0) continue;
    floors.push(Number(floorOf(bucket).toPrecision(6)));
    counts.push(at - start);
  }
  return { unit: 'us', floors, counts, min: ordered[0]!, max: ordered.at(-1)! };
}
