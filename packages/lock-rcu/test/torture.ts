// Starts the agents of the torture tests.

import { Worker } from 'node:worker_threads';
import type { HoldingPool } from '@zsmalloc/core';
import { EPOCH_WORDS } from '../src/epochs.ts';

/** Runs one agent of torture.worker.mjs; resolves with its answer. */
export function agent<T>(workerData: Record<string, unknown>): Promise<T> {
  const worker = new Worker(new URL('torture.worker.mjs', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const READERS = 3;
const ELEMENTS = 13;

/** rcutorture's pipe: returns how often readers saw each age. `grace` is 2, or 1 for the broken one. */
export async function pipeHistogram(updates: number, grace: number): Promise<number[]> {
  const stride = 32;
  const agentBase = EPOCH_WORDS.pool;
  const pointer = agentBase + (READERS + 2) * stride;
  const words = new Int32Array(new SharedArrayBuffer((pointer + 2 + ELEMENTS) * 4));
  const shared = { words, pointer, stop: pointer + 1, ages: pointer + 2 };
  const place = { poolBase: 0, agentBase, agentStride: stride };
  const readers = Array.from({ length: READERS }, (_, i) =>
    agent<number[]>({ role: 'pipeReader', index: i + 1, shared, place }),
  );
  await agent({ role: 'pipeUpdater', index: READERS + 1, shared, place, operations: updates, grace });
  const histograms = await Promise.all(readers);
  return histograms.reduce((sum, histogram) => sum.map((count, age) => count + histogram[age]!));
}

/** Frees what the table of the churning agents still names. */
export function freeAll(pool: HoldingPool, handles: Int32Array): void {
  for (const handle of handles) if (handle !== 0) pool.free(handle);
}
