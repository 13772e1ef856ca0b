// One agent of a workload with values on a store without addresses.

import { parentPort, workerData } from 'node:worker_threads';
import { CheckError } from '../checks.ts';
import { KEYS } from '../peers/store.ts';
import type { AsyncStore, Store } from '../peers/store.ts';
import { attachStore } from '../peers/subjects.ts';
import type { StoreDescriptor } from '../peers/subjects.ts';
import { PHASE, WorkloadControl } from './control.ts';
import type { GoalReport } from './worker.ts';

/** What a worker is given. */
export interface StoreJob {
  readonly workload: string;
  readonly store: StoreDescriptor;
  readonly control: SharedArrayBuffer;
  readonly index: number;
  readonly sizeBytes: number;
}

const job = workerData as StoreJob;
const { index, sizeBytes } = job;
const attached = await attachStore(job.store, index);
const control = new WorkloadControl(job.control);
const source = Buffer.alloc(sizeBytes, index + 1);
const target = new Uint8Array(sizeBytes);
/** Keys of this agent; up to 32 agents find some each. */
const first = index * (KEYS / 32);
const keys = KEYS / 32;
let count = 0;

function check(expected: number): void {
  if (target[0] === (expected & 255)) return;
  throw new CheckError(`a value of agent ${index} begins with ${target[0]}, and ${expected & 255} was put.`);
}

/** One put, one get and one remove, of one key. */
async function cycleLater(store: AsyncStore): Promise<number> {
  const key = first + (++count % keys);
  source[0] = count;
  await store.put(key, source);
  await store.get(key, target);
  check(count);
  await store.remove(key);
  return 1;
}

function cycle(store: Store): number {
  const key = first + (++count % keys);
  source[0] = count;
  store.put(key, source);
  store.get(key, target);
  check(count);
  store.remove(key);
  return 1;
}

/** One put and one get. */
async function accessLater(store: AsyncStore): Promise<number> {
  const key = first + (++count % keys);
  source[0] = count;
  await store.put(key, source);
  await store.get(key, target);
  check(count);
  return 2;
}

function access(store: Store): number {
  const key = first + (++count % keys);
  source[0] = count;
  store.put(key, source);
  store.get(key, target);
  check(count);
  return 2;
}

async function runUntilNext(phase: number): Promise<number> {
  const isCycle = job.workload.startsWith('cycle');
  let operations = 0;
  do {
    if (attached.later) operations += await (isCycle ? cycleLater : accessLater)(attached.store);
    else for (let steps = 0; steps < 16; steps++) operations += (isCycle ? cycle : access)(attached.store);
    control.count(index + 1, operations);
  } while (control.phase() === phase);
  return operations;
}

try {
  control.ready();
  await runUntilNext(PHASE.warmUp);
  const report: GoalReport = { operations: await runUntilNext(PHASE.measure) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(report);
} finally {
  await attached.store.close();
}
