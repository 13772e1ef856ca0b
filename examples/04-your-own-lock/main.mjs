// A pool under a lock of one's own: its readers may sleep, as the lock declares, while a worker reads too.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import { ticket } from './ticket.mjs';

const pool = createPool({ bytes: 16 * 2 ** 20, strategy: ticket });
const handle = pool.malloc(5);
pool.write(handle, new TextEncoder().encode('hello'));

const hold = pool.hold(handle);
const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
  workerData: { handle, pool: pool.descriptor() },
});
await once(worker, 'exit');
await setTimeout(1);
console.log('main', Buffer.concat(hold.segments).toString());
hold.release();
pool.free(handle);
