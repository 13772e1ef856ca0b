// Lock-and-unlock pairs per second of one lock, all agents together: node bench/throughput.mjs [ms] [work]
//
// Each worker warms up on a lock of its own first. `work` is the number of plain turns inside and between holds.
// oxlint-disable unicorn/require-post-message-target-origin -- a MessagePort has no origin
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Region } from '../dist/region.js';

const MIXES = { write: 0, 'read 50 %': 50, 'read 95 %': 95, read: 100 };
const WARM_UP_MS = 150;

async function measure(agents, reads, ms, work) {
  const region = Region.create(1, { agents: 32 });
  const { descriptor } = region;
  region.detach();
  const go = new Int32Array(new SharedArrayBuffer(8));
  const data = { workerData: { descriptor, go, reads, work } };
  const workers = Array.from({ length: agents }, () => new Worker(new URL(import.meta.url), data));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const results = workers.map((worker) => once(worker, 'message'));
  const start = performance.now();
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  await new Promise((resolve) => setTimeout(resolve, ms));
  Atomics.store(go, 1, 1);
  const pairs = (await Promise.all(results)).reduce((sum, [count]) => sum + count, 0);
  const elapsedMs = performance.now() - start;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return pairs / elapsedMs / 1000;
}

function contend({ descriptor, go, reads, work }) {
  let random = 1;
  let sink = 0;
  const turns = () => {
    for (let i = 0; i < work; i++) sink = (Math.imul(sink, 31) + i) | 0;
  };
  const batch = (locks, lock) => {
    for (let i = 0; i < 50; i++) {
      random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
      if ((random >>> 8) % 100 < reads) {
        locks.readLock(lock);
        turns();
        locks.readUnlock(lock);
      } else {
        locks.writeLock(lock);
        turns();
        locks.writeUnlock(lock);
      }
      turns();
    }
    return 50;
  };
  const own = Region.create(1, {});
  for (const start = performance.now(); performance.now() - start < WARM_UP_MS;) batch(own.rwsem, own.lockWord(0));
  const region = Region.attach(descriptor, {});
  random = region.agentIndex * 7919;
  let pairs = 0;
  parentPort.postMessage('ready');
  Atomics.wait(go, 0, 0);
  while (Atomics.load(go, 1) === 0) pairs += batch(region.rwsem, region.lockWord(0));
  parentPort.postMessage(pairs);
}

if (isMainThread) {
  const [ms = 300, work = 0] = process.argv.slice(2).map(Number);
  for (const [name, reads] of Object.entries(MIXES)) {
    let line = name.padEnd(10);
    for (const agents of [1, 2, 4, 8]) line += ` ${agents}: ${(await measure(agents, reads, ms, work)).toFixed(1)}`;
    console.log(`${line}  million pairs/s`);
  }
} else {
  contend(workerData);
}
