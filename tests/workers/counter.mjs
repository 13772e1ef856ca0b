// Attaches, and takes the statistics of the pool once, which needs every lock of it.

import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';

const { module, name, descriptor, control } = workerData;
const { [name]: strategy } = await import(module);
const pool = attachPool(descriptor, { strategies: [strategy] });
const { agents } = pool.stats();
// order: release, pairs with the test's load.
Atomics.store(control, 1, agents);
