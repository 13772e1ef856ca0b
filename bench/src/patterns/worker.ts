// One worker of an allocator pattern.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../random.ts';
import { WorkloadControl } from '../workload/control.ts';
import { work } from '../workload/work.ts';
import type { WorkReport } from '../workload/work.ts';
import { findPattern } from './all.ts';
import { ObjectSteps } from './object-steps.ts';
import { ObjectTable } from './object-table.ts';
import { attachHeap } from './subjects.ts';
import type { HeapDescriptor } from './subjects.ts';

/** What a worker is given. */
export interface PatternJob {
  readonly pattern: string;
  readonly heap: HeapDescriptor;
  readonly table: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly index: number;
  readonly workers: number;
  readonly seed: number;
}

/** What it reports. */
export interface PatternReport extends WorkReport {
  readonly refused: number;
  readonly verified: number;
  readonly verifiedBytes: number;
}

const job = workerData as PatternJob;
const heap = await attachHeap(job.heap, job.index);
try {
  const { index, workers } = job;
  // Agent 0 of the stamps is the main one.
  const objects = new ObjectSteps(heap, new ObjectTable(job.table), new Random(job.seed + index), index + 1);
  const steps = findPattern(job.pattern).steps({ objects, index, workers, words: new Int32Array(job.words) });
  const done = await work(new WorkloadControl(job.control), steps);
  const { refused, verified, verifiedBytes } = objects;
  const report: PatternReport = { ...done, refused, verified, verifiedBytes };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(report);
} finally {
  heap.detach();
}
