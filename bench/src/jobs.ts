// What the parent asks of a measured process, and what comes back. Plain data: it crosses a process boundary.

import type { CellLatency } from './latency-samples.ts';

/** Replays the data set with each number of workers, in this order. */
export interface ReplayJob {
  readonly kind: 'replay';
  /** A strategy, or HARNESS_ID for the replay without allocator and lock. */
  readonly strategyId: string;
  readonly workers: readonly number[];
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly seed: number;
  readonly datasetPath: string;
}

/** Counts the Atomics calls of each operation. */
export interface CountJob {
  readonly kind: 'count';
  readonly strategyId: string;
}

/** Times each operation, and in turn with them the Atomics calls by themselves. */
export interface TimeJob {
  readonly kind: 'time';
  readonly strategyId: string;
  readonly blocks: number;
}

/** Replays the kernel's object stream. */
export interface DensityJob {
  readonly kind: 'density';
  readonly strategyId: string;
}

/** Fills a pool with objects of one size. */
export interface MetadataJob {
  readonly kind: 'metadata';
  readonly strategyId: string;
  readonly poolBytes: number;
}

export type Job = ReplayJob | CountJob | TimeJob | DensityJob | MetadataJob;

/** The strategy id of the rows that show what the harness costs by itself. */
export const HARNESS_ID = 'harness';

/** Memory of a pool, and what a final compaction does to it once half of the objects are gone. */
export interface CellMemory {
  readonly poolBytes: number;
  readonly bytesStored: number;
  readonly bytesUsed: number;
  readonly bytesMetadata: number;
  /** Most bytes used that the main agent saw while the workers ran. */
  readonly bytesUsedPeak: number;
  /** Most bytes of retired objects at once; null for strategies that defer no frees. */
  readonly garbageBytesHigh: number | null;
  /** After freeing half of the objects in random order, before compaction. */
  readonly halfStored: number;
  readonly halfUsedBefore: number;
  readonly halfUsedAfter: number;
  readonly halfPagesFreed: number;
}

/** What compaction did in the measured phase, and what it left alone. */
export interface CellCompaction {
  readonly calls: number;
  readonly callsRefused: number;
  readonly ms: number;
  readonly msMax: number;
  /** Since the pool was created, warm-up included. */
  readonly pagesFreed: number;
  readonly objectsMoved: number;
  readonly busySkips: number;
}

/** What was verified. A cell exists only if all of it was right. */
export interface CellChecks {
  readonly objectsVerified: number;
  readonly bytesVerified: number;
  readonly poolVerified: boolean;
  readonly emptyAtEnd: boolean;
}

/** One measured cell: a strategy with a number of workers, in one round. */
export interface ReplayCell {
  readonly strategyId: string;
  readonly workers: number;
  readonly round: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  readonly seconds: number;
  readonly withoutPool: number;
  readonly slotsTaken: number;
  readonly refused: number;
  readonly latency: CellLatency;
  readonly compaction: CellCompaction | null;
  readonly memory: CellMemory | null;
  readonly checks: CellChecks;
}

/** Atomics calls by method. */
export type AtomicsCalls = Readonly<Record<string, number>>;

/** Calls of one operation, as an average over many. */
export interface CountedOperation {
  readonly operation: string;
  readonly calls: AtomicsCalls;
}

export interface CountResult {
  readonly strategyId: string;
  readonly operations: readonly CountedOperation[];
}

/** Nanoseconds of one operation or call, block by block; blocks with the same number ran in turn. */
export interface TimedBlocks {
  readonly name: string;
  readonly ns: readonly number[];
}

export interface TimeResult {
  readonly strategyId: string;
  readonly operations: readonly TimedBlocks[];
  readonly atomics: readonly TimedBlocks[];
}

/** Memory after one step of the kernel's stream. */
export interface DensityStep {
  readonly freedShare: number;
  readonly bytesStored: number;
  readonly bytesUsedBefore: number;
  readonly bytesUsed: number;
  readonly bytesMetadata: number;
  readonly compactMs: number;
}

export interface DensityResult {
  readonly strategyId: string;
  readonly steps: readonly DensityStep[];
  readonly objectsVerified: number;
}

export interface MetadataResult {
  readonly strategyId: string;
  readonly poolBytes: number;
  readonly objectBytes: number;
  readonly objects: number;
  readonly objectsCapacity: number;
  readonly bytesMetadata: number;
  readonly fillSeconds: number;
}

/** What a job's process sends back. */
export type Reply<T = unknown> =
  | { readonly ok: true; readonly result: T }
  | { readonly ok: false; readonly error: string; readonly failedCheck: boolean };
