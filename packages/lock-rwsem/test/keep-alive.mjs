// Awaits a lock that a worker releases later; nothing else keeps this process alive.
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Mutex } from '../dist/index.js';

if (isMainThread) {
  const mutex = Mutex.create();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { lock: mutex.descriptor(), flag } });
  worker.unref();
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const wait = mutex.lockAsync();
  Atomics.store(flag, 0, 2);
  Atomics.notify(flag, 0);
  (await wait).release();
  console.log('granted');
} else {
  const mutex = Mutex.attach(workerData.lock);
  const guard = mutex.lock();
  Atomics.store(workerData.flag, 0, 1);
  Atomics.wait(workerData.flag, 0, 1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  guard.release();
}
