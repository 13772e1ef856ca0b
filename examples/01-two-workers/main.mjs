import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import { preemptible } from '@zsmalloc/lock-custom';

const pool = createPool({ bytes: 16 * 2 ** 20, strategy: preemptible });
const handle = pool.malloc(5);
pool.write(handle, new TextEncoder().encode('hello'));
for (const name of ['anna', 'ben']) {
  new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { name, handle, pool: pool.descriptor() } });
}
