// One worker of the put-get workload.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../random.ts';
import { WorkloadControl } from '../workload/control.ts';
import { work, workAsync } from '../workload/work.ts';
import type { WorkReport } from '../workload/work.ts';
import { AsyncPutGetSteps, PutGetSteps } from './put-get-steps.ts';
import { attachStore } from './subjects.ts';
import type { StoreDescriptor } from './subjects.ts';

/** What a worker is given. */
export interface PutGetJob {
  readonly store: StoreDescriptor;
  readonly control: SharedArrayBuffer;
  readonly index: number;
  readonly sizeBytes: number;
  readonly seed: number;
}

/** What it reports. */
export interface PutGetReport extends WorkReport {
  readonly verified: number;
  readonly verifiedBytes: number;
}

const job = workerData as PutGetJob;
const { index, sizeBytes } = job;
const attached = await attachStore(job.store, index);
const control = new WorkloadControl(job.control);
// Agent 0 is the main one.
const random = new Random(job.seed + index);

function counts({ choice }: PutGetSteps | AsyncPutGetSteps): Pick<PutGetReport, 'verified' | 'verifiedBytes'> {
  return { verified: choice.verified, verifiedBytes: choice.verifiedBytes };
}

async function run(): Promise<PutGetReport> {
  if (attached.later) {
    const steps = new AsyncPutGetSteps(attached.store, sizeBytes, random, index + 1);
    return { ...(await workAsync(control, steps)), ...counts(steps) };
  }
  const steps = new PutGetSteps(attached.store, sizeBytes, random, index + 1);
  return { ...(await work(control, steps)), ...counts(steps) };
}

try {
  const report = await run();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(report);
} finally {
  await attached.store.close();
}
