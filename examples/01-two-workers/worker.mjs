import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { preemptible } from '@zsmalloc/lock-custom';

const pool = attachPool(workerData.pool, { strategies: [preemptible] });
console.log(
  workerData.name,
  pool.read(workerData.handle, (bytes) => new TextDecoder().decode(bytes.slice())),
);
pool.detach();
