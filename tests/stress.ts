// Real agents on one pool: starts them, and collects what they report.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PoolDescriptor } from '@zsmalloc/core';

/** What one agent did, by kind. `damaged`: objects that were not whole; `endless`: waits without a limit. */
export type Counts = Record<
  | 'damaged'
  | 'endless'
  | 'mallocs'
  | 'full'
  | 'reads'
  | 'holds'
  | 'given'
  | 'taken'
  | 'compactions'
  | 'moved'
  | 'migrated',
  number
>;

export interface StressOptions {
  /** Module and export of the strategy: each worker imports the one that it needs. */
  readonly module: string;
  readonly name: string;
  readonly descriptor: PoolDescriptor;
  /** The table of workers/slots.mjs. */
  readonly table: Int32Array;
  readonly agents: number;
  /** Steps of all agents together. */
  readonly steps: number;
  readonly seed: number;
  /** Only for agents that hang. */
  readonly watchdogMs: number;
}

const roles = ['compactor', 'migrator', 'reader', 'any', 'reader', 'any', 'reader', 'any'];

/** Runs all agents to their end. Rejects when one throws or hangs, once the others have ended too. */
export async function stress({ agents, steps, seed, watchdogMs, ...data }: StressOptions): Promise<Counts[]> {
  const runs = Array.from({ length: agents }, (_, i) => {
    const workerData = { ...data, seed: seed + 7919 * (i + 1), steps: steps / agents, role: roles[i] };
    return runAgent(`agent ${i} of ${data.name}`, workerData, watchdogMs);
  });
  await Promise.allSettled(runs);
  return await Promise.all(runs);
}

async function runAgent(who: string, workerData: object, watchdogMs: number): Promise<Counts> {
  const worker = new Worker(new URL('workers/stress.mjs', import.meta.url), { workerData });
  const watchdog = setTimeout(() => {
    worker.emit('error', new Error(`${who} hangs: no end after ${watchdogMs} ms`));
    void worker.terminate();
  }, watchdogMs);
  try {
    const [[counts]] = await Promise.all([once(worker, 'message') as Promise<[Counts]>, once(worker, 'exit')]);
    return counts;
  } finally {
    clearTimeout(watchdog);
  }
}
