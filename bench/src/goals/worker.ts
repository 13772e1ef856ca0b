// One agent of a workload of the goals.

import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PHASE, WorkloadControl } from './control.ts';
import { attachGoalHeap } from './heaps.ts';
import type { GoalDescriptor } from './heaps.ts';
import type { Kernel } from './kernel.ts';
import { createKernel } from './kernels.ts';

/** What a worker is given. */
export interface GoalJob {
  readonly workload: string;
  readonly heap: GoalDescriptor;
  readonly words: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** Where it waits, its objects still there, until the main agent has counted pages. */
  readonly ending: SharedArrayBuffer;
  readonly index: number;
  readonly agents: number;
}

/** What it reports. */
export interface GoalReport {
  readonly operations: number;
}

/** Between two returns to the event loop, where a strategy may see the end of a turn: some tenths of a millisecond. */
const RUNS_PER_TURN = 4;
/** Nothing to do until another agent acts. */
const IDLE_MS = 0.02;

const idleWord = new Int32Array(new SharedArrayBuffer(4));

/** @param index Of the worker, from 0. */
async function runUntilNext(control: WorkloadControl, phase: number, kernel: Kernel, index: number): Promise<number> {
  let operations = 0;
  for (let runs = 1; ; runs++) {
    const done = kernel.run();
    operations += done;
    if (done === 0) Atomics.wait(idleWord, 0, 0, IDLE_MS);
    if (runs % RUNS_PER_TURN === 0) {
      control.count(index + 1, operations);
      await turn();
    }
    if (control.phase() !== phase) return operations;
  }
}

const job = workerData as GoalJob;
const { index, agents } = job;
const { heap, detach } = await attachGoalHeap(job.heap, index);
try {
  const control = new WorkloadControl(job.control);
  const kernel = createKernel(job.workload, heap, { index, agents, words: new Int32Array(job.words) });
  control.ready();
  await runUntilNext(control, PHASE.warmUp, kernel, index);
  const report: GoalReport = { operations: await runUntilNext(control, PHASE.measure, kernel, index) };
  new WorkloadControl(job.ending).ready();
  kernel.end();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(report);
} finally {
  detach();
}
