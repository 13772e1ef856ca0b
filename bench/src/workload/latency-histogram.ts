// Latencies as counts by bucket: sixteen buckets an octave, so that a quantile is off by at most 1/16. Any number of
// samples takes 4 KiB, and the histograms of workers and rounds add up.

import type { Histogram } from '../model/measurement.ts';

const SUB_BITS = 4;
const SUB_BUCKETS = 1 << SUB_BITS;
/** Up to 2^40 ns, eighteen minutes. */
const OCTAVES = 40;
const BUCKETS = OCTAVES * SUB_BUCKETS;

/** Plain data for `postMessage`. */
export interface LatencyCounts {
  readonly counts: Uint32Array;
  readonly minNs: number;
  readonly maxNs: number;
}

/** Least value of a bucket in ns. Below 16 ns a bucket is one ns wide. */
function floorOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const octave = (bucket >> SUB_BITS) - 1;
  return (SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) * 2 ** octave;
}

function bucketOf(ns: number): number {
  if (ns < SUB_BUCKETS) return Math.floor(ns);
  const octave = Math.min(OCTAVES - 2, Math.floor(Math.log2(ns)) - SUB_BITS);
  return ((octave + 1) << SUB_BITS) + Math.min(SUB_BUCKETS - 1, Math.floor(ns / 2 ** octave) - SUB_BUCKETS);
}

/** See the head of the file. */
export class LatencyHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  record(ms: number): void {
    const ns = Math.max(0, ms * 1e6);
    this.#counts[bucketOf(ns)]!++;
    if (ns < this.#min) this.#min = ns;
    if (ns > this.#max) this.#max = ns;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
  }

  add({ counts, minNs, maxNs }: LatencyCounts): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket]! += counts[bucket]!;
    this.#min = Math.min(this.#min, minNs);
    this.#max = Math.max(this.#max, maxNs);
  }

  counts(): LatencyCounts {
    return { counts: this.#counts.slice(), minNs: this.#min, maxNs: this.#max };
  }

  get samples(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Nearest rank, in us: the middle of its bucket, within the least and the largest sample. Null without samples. */
  quantileUs(share: number): number | null {
    const { samples } = this;
    if (samples === 0) return null;
    let left = Math.max(1, Math.ceil(share * samples));
    let bucket = -1;
    while (left > 0) left -= this.#counts[++bucket]!;
    const middle = (floorOf(bucket) + floorOf(bucket + 1)) / 2;
    return Math.min(this.#max, Math.max(this.#min, middle)) / 1000;
  }

  /** The buckets from the first to the last that is not empty; null without samples. */
  toModel(): Histogram | null {
    const first = this.#counts.findIndex((count) => count > 0);
    if (first < 0) return null;
    const last = this.#counts.findLastIndex((count) => count > 0);
    const counts = Array.from(this.#counts.subarray(first, last + 1));
    const floors = counts.map((_, index) => floorOf(first + index) / 1000);
    return { unit: 'us', floors, counts, min: this.#min / 1000, max: this.#max / 1000 };
  }
}

/** Puts the workers' counts together. */
export function joinLatencies(parts: readonly LatencyCounts[]): LatencyHistogram {
  const joined = new LatencyHistogram();
  for (const part of parts) joined.add(part);
  return joined;
}

/** The metrics of a latency, by the ids that `LATENCY_METRICS` describes. */
export function latencyMetrics(latency: LatencyHistogram): Record<string, number | null> {
  return {
    p50Us: latency.quantileUs(0.5),
    p99Us: latency.quantileUs(0.99),
    p999Us: latency.quantileUs(0.999),
  };
}

export const LATENCY_METRICS = [
  { id: 'p50Us', label: 'latency p50', unit: 'us', better: 'lower' },
  { id: 'p99Us', label: 'latency p99', unit: 'us', better: 'lower' },
  { id: 'p999Us', label: 'latency p99.9', unit: 'us', better: 'lower' },
] as const;
