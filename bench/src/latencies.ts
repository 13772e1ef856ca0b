// Latencies as counts by bucket: 128 buckets to a doubling, so that a percentile is off by at most 0.4 %. Any number of
// samples takes the same memory, so none is dropped; the least and the largest are kept exactly. Histograms of workers and
// rounds add up.
//
// Why not a library: every operation of some scenarios is timed inside of a lock. Recording here costs 5 ns; 34 ns with
// createHistogram of perf_hooks, which does not give its counts away, and 166 ns with hdr-histogram-js.

import type { Histogram } from './model/measurement.ts';

const SUB_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BITS;
/** Up to 2^40 ns, eighteen minutes; what takes longer counts in the last bucket, and its maximum is exact. */
const NS_BITS = 40;
const BUCKETS = (NS_BITS - SUB_BITS + 1) << SUB_BITS;
/** Below, Math.clz32 tells the octave. */
const NS_32 = 2 ** 32;

/** Buckets that are one in a plot: a quarter of an octave. */
const PLOTTED: number = SUB_BUCKETS / 4;

/** Plain data: counts from bucket `first` on, up to the last that is not empty. */
export interface LatencyCounts {
  readonly first: number;
  readonly counts: Uint32Array;
  /** Infinity and 0 without samples. */
  readonly minNs: number;
  readonly maxNs: number;
}

/** Counts by series: a small number that the task chooses. */
export type LatencyBatch = ReadonlyMap<number, LatencyCounts>;

/** Least value of a bucket in ns. Below 128 ns a bucket is one ns wide. */
function floorOf(bucket: number): number {
  const octave = (bucket >> SUB_BITS) - 1;
  return octave < 0 ? bucket : (SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) * 2 ** octave;
}

function bucketOf(ns: number): number {
  if (ns < SUB_BUCKETS) return ns | 0;
  if (ns < NS_32) {
    const octave = 31 - SUB_BITS - Math.clz32(ns);
    return (octave << SUB_BITS) + (ns >>> octave);
  }
  const octave = Math.floor(Math.log2(ns)) - SUB_BITS;
  return Math.min(BUCKETS - 1, (octave << SUB_BITS) + Math.floor(ns / 2 ** octave));
}

/** See the head of the file. */
export class LatencyHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);
  #min = Infinity;
  #max = 0;

  record(ms: number): void {
    const ns = ms > 0 ? ms * 1e6 : 0;
    this.#counts[bucketOf(ns)]!++;
    if (ns < this.#min) this.#min = ns;
    if (ns > this.#max) this.#max = ns;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#min = Infinity;
    this.#max = 0;
  }

  add({ first, counts, minNs, maxNs }: LatencyCounts): void {
    for (let index = 0; index < counts.length; index++) this.#counts[first + index]! += counts[index]!;
    this.#min = Math.min(this.#min, minNs);
    this.#max = Math.max(this.#max, maxNs);
  }

  counts(): LatencyCounts {
    const first = Math.max(
      0,
      this.#counts.findIndex((count) => count > 0),
    );
    const end = this.#counts.findLastIndex((count) => count > 0) + 1;
    return { first, counts: this.#counts.slice(first, Math.max(first, end)), minNs: this.#min, maxNs: this.#max };
  }

  get samples(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The greatest sample in us; null without samples. Exact. */
  get maxUs(): number | null {
    return this.#min === Infinity ? null : this.#max / 1000;
  }

  /** Nearest rank, in us: the middle of its bucket, within the least and the greatest sample. Null without samples. */
  quantileUs(share: number): number | null {
    const { samples } = this;
    if (samples === 0) return null;
    let left = Math.max(1, Math.ceil(share * samples));
    let bucket = -1;
    while (left > 0) left -= this.#counts[++bucket]!;
    const middle = (floorOf(bucket) + floorOf(bucket + 1)) / 2;
    return Math.min(this.#max, Math.max(this.#min, middle)) / 1000;
  }

  /** For plots, by buckets that are at most 25 % wide; null without samples. */
  toModel(): Histogram | null {
    if (this.#min === Infinity) return null;
    const floors: number[] = [];
    const counts: number[] = [];
    const last = this.#counts.findLastIndex((count) => count > 0);
    for (let bucket = 0; bucket <= last; bucket += PLOTTED) {
      const count = this.#counts.subarray(bucket, bucket + PLOTTED).reduce((sum, own) => sum + own, 0);
      // Leading buckets that are empty say nothing.
      if (count === 0 && counts.length === 0) continue;
      floors.push(floorOf(bucket) / 1000);
      counts.push(count);
    }
    return { unit: 'us', floors, counts, min: this.#min / 1000, max: this.#max / 1000 };
  }
}

/** One worker's recorder: a histogram for each series, made when the warm-up first needs it. */
export class LatencyRecorder {
  readonly #series: (LatencyHistogram | undefined)[] = [];

  record(ms: number, series: number): void {
    (this.#series[series] ??= new LatencyHistogram()).record(ms);
  }

  /** What was recorded since the last call. */
  take(): LatencyBatch {
    const batch = new Map<number, LatencyCounts>();
    for (const [series, histogram] of this.#series.entries()) {
      const counts = histogram?.counts();
      if (histogram === undefined || counts!.counts.length === 0) continue;
      batch.set(series, counts!);
      histogram.reset();
    }
    return batch;
  }
}

/** Puts counts together. */
export function joinLatencies(parts: readonly LatencyCounts[]): LatencyHistogram {
  const joined = new LatencyHistogram();
  for (const part of parts) joined.add(part);
  return joined;
}

/** The given series of all workers together. */
export function joinSeries(batches: readonly LatencyBatch[], wanted: readonly number[]): LatencyHistogram {
  return joinLatencies(batches.flatMap((batch) => wanted.flatMap((series) => batch.get(series) ?? [])));
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

export function percentilesOf(latency: LatencyHistogram): LatencyUs {
  const { samples, maxUs: max } = latency;
  const at = (share: number, least: number): number | null => (samples < least ? null : latency.quantileUs(share));
  return {
    samples,
    p50: at(0.5, SAMPLES_MIN.p50),
    p99: at(0.99, SAMPLES_MIN.p99),
    p999: at(0.999, SAMPLES_MIN.p999),
    max,
  };
}
