// Latencies as single samples, not buckets: percentiles are exact. Lives in shared memory, so that collecting costs
// nothing.

import { quantileOfSorted } from './statistics.ts';

/** Kinds of operation, as tags of a sample. */
export const OPERATION = { read: 0, store: 1, overwrite: 2, free: 3 } as const;
/** Added to the tag when a compaction was going on as the operation began or ended. */
export const BESIDE_COMPACTION = 8;

/** Most samples one worker keeps: at 1 sample in 8 that is 4 million operations; later samples replace the first. */
const SAMPLES_MAX = 2 ** 19;

/** Percentiles in microseconds. */
export interface LatencyUs {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Plain data for `workerData`. */
export interface SampleBuffers {
  readonly us: SharedArrayBuffer;
  readonly tags: SharedArrayBuffer;
}

export function createSampleBuffers(): SampleBuffers {
  return { us: new SharedArrayBuffer(SAMPLES_MAX * 4), tags: new SharedArrayBuffer(SAMPLES_MAX) };
}

/** The samples of one worker. */
export class LatencySamples {
  readonly #us: Float32Array;
  readonly #tags: Uint8Array;
  #count = 0;

  constructor({ us, tags }: SampleBuffers) {
    this.#us = new Float32Array(us);
    this.#tags = new Uint8Array(tags);
  }

  get count(): number {
    return this.#count;
  }

  reset(): void {
    this.#count = 0;
  }

  record(ms: number, tag: number): void {
    const at = this.#count++ % SAMPLES_MAX;
    this.#us[at] = ms * 1000;
    this.#tags[at] = tag;
  }
}

function percentiles(values: Float32Array): LatencyUs | null {
  if (values.length === 0) return null;
  const ordered = values.toSorted();
  return {
    samples: ordered.length,
    p50: quantileOfSorted(ordered, 0.5),
    p99: quantileOfSorted(ordered, 0.99),
    p999: quantileOfSorted(ordered, 0.999),
    max: ordered.at(-1)!,
  };
}

/** Latencies of one cell, all workers together; null where nothing was sampled. */
export interface CellLatency {
  readonly all: LatencyUs | null;
  readonly read: LatencyUs | null;
  readonly store: LatencyUs | null;
  readonly overwrite: LatencyUs | null;
  readonly free: LatencyUs | null;
  readonly readBesideCompaction: LatencyUs | null;
  readonly readUndisturbed: LatencyUs | null;
}

/** Accepts the tags of an operation, beside a compaction or not. */
function kind(operation: number): (tag: number) => boolean {
  return (tag) => (tag & (BESIDE_COMPACTION - 1)) === operation;
}

/** Puts the samples of all workers together. */
export function summarizeSamples(workers: readonly { buffers: SampleBuffers; count: number }[]): CellLatency {
  const us: number[] = [];
  const tags: number[] = [];
  for (const { buffers, count } of workers) {
    const kept = Math.min(count, SAMPLES_MAX);
    const workerUs = new Float32Array(buffers.us, 0, kept);
    const workerTags = new Uint8Array(buffers.tags, 0, kept);
    for (let index = 0; index < kept; index++) {
      us.push(workerUs[index]!);
      tags.push(workerTags[index]!);
    }
  }
  const pick = (wanted: (tag: number) => boolean): LatencyUs | null =>
    percentiles(Float32Array.from(us.filter((_, index) => wanted(tags[index]!))));
  return {
    all: pick(() => true),
    read: pick(kind(OPERATION.read)),
    store: pick(kind(OPERATION.store)),
    overwrite: pick(kind(OPERATION.overwrite)),
    free: pick(kind(OPERATION.free)),
    readBesideCompaction: pick((tag) => tag === OPERATION.read + BESIDE_COMPACTION),
    readUndisturbed: pick((tag) => tag === OPERATION.read),
  };
}
