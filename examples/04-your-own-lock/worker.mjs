import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { ticket } from './ticket.mjs';

// Code cannot be sent to a worker: it offers the strategies that it has, and the descriptor names the one it needs.
const pool = attachPool(workerData.pool, { strategies: [ticket] });
console.log(
  'worker',
  pool.read(workerData.handle, (bytes) => new TextDecoder().decode(bytes.slice())),
);
pool.detach();
