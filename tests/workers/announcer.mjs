// Attaches, lets other agents watch it, takes class locks or reads if it is told to, and waits to be terminated.

import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';

const { module, name, descriptor, port, handle, reads, locks } = workerData;
const { [name]: strategy } = await import(module);
const pool = attachPool(descriptor, { strategies: [strategy] });
// Without a port, by Web Locks.
pool.announce(port ?? navigator.locks);
for (let i = 0; i < reads; i++) pool.readBegin(handle);
for (const index of locks ?? []) strategyOf(pool).lock(index);
// order: release, pairs with the test's wait. It has what it was told to take.
const { control } = workerData;
if (control !== undefined) {
  Atomics.store(control, 0, 1);
  Atomics.notify(control, 0);
}
port?.postMessage('reading');
setInterval(() => {}, 1000);
