// An allocator pattern: what its workers do, written from the description of the benchmark that it is named after.

import type { Steps } from '../crew/steps.ts';
import type { ObjectSteps } from './object-steps.ts';

/** What a pattern's side of a worker works with. */
export interface PatternWorker {
  readonly objects: ObjectSteps;
  /** From 0. */
  readonly index: number;
  readonly workers: number;
  /** Words of the pattern's own, zero at first. */
  readonly words: Int32Array;
}

export interface Pattern {
  readonly id: string;
  readonly title: string;
  /** What is done, and what it asks of an allocator. */
  readonly description: string;
  /** What an operation is. */
  readonly operation: string;
  /** Room for objects: bytes of a pool that never gets full. */
  poolBytes(workers: number): number;
  /** Records of objects that it needs. */
  records(workers: number): number;
  /** Words of its own that it needs. */
  words(workers: number): number;
  /** What the main agent does before the workers start. */
  prepare?(objects: ObjectSteps, workers: number): void;
  steps(worker: PatternWorker): Steps;
}
