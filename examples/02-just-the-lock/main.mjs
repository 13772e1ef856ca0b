// A lock without a pool: two workers and this agent count together in plain, shared memory.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Mutex } from '@zsmalloc/lock-rwsem';

const ROUNDS = 10_000;
const mutex = Mutex.create();
const counter = new Int32Array(new SharedArrayBuffer(4));
const workers = [1, 2].map(
  () =>
    new Worker(new URL('./worker.mjs', import.meta.url), {
      workerData: { mutex: mutex.descriptor(), counter, rounds: ROUNDS },
    }),
);
for (let i = 0; i < ROUNDS; i++) {
  const guard = await mutex.lockAsync();
  counter[0] += 1;
  guard.release();
}
await Promise.all(workers.map((worker) => once(worker, 'exit')));
console.log(`${counter[0]} counted of ${3 * ROUNDS}`);
