// How the kit tells a pool that agents have died: by what the pool offers for it. A pool that offers nothing has to do
// without being told.

import type { Worker } from 'node:worker_threads';
import type { Pool } from '@zsmalloc/core';

interface Recovering {
  watch?(worker: Worker): void;
  recover?(agent?: number): unknown;
}

/** Lets the pool recover from the agents of a worker when it ends. */
export function watchWorker(pool: Pool, worker: Worker): void {
  (pool as Pool & Recovering).watch?.(worker);
}

/** Recovers from an agent that has died for certain. Of a pool on a model's memory, too. */
export function recoverFrom(pool: unknown, agent: number): void {
  (pool as Recovering).recover?.(agent);
}
