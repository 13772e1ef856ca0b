// Attaches, lets another agent watch it over a port, takes a class lock by dying inside a read, and waits to be terminated.

import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';

const { module, name, descriptor, port, handle, reads } = workerData;
const { [name]: strategy } = await import(module);
const pool = attachPool(descriptor, { strategies: [strategy] });
pool.announce(port);
for (let i = 0; i < reads; i++) pool.readBegin(handle);
port.postMessage('reading');
setInterval(() => {}, 1000);
