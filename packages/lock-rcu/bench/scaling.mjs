// Throughput of 2 and of 8 workers on one pool: a mix of one malloc, one write, four reads and one free.
// Run: node packages/lock-rcu/bench/scaling.mjs

import { cpus } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import { rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../dist/index.js';

const CYCLES = 2_000_000;
const WARM_UP = 100_000;
const KEPT = 64;
const REPEATS = 3;
const strategies = [rcu, rcuTurn, rcuSynchronize];

if (isMainThread) {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0].model}; best of ${REPEATS}`);
  for (const strategy of strategies) {
    const best = { 2: 0, 8: 0 };
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const workers of [2, 8]) best[workers] = Math.max(best[workers], await cyclesPerSecond(strategy, workers));
    }
    const ratio = (best[8] / best[2]).toFixed(2);
    console.log(
      `${strategy.id}: 2 workers ${best[2].toFixed(0)}, 8 workers ${best[8].toFixed(0)} cycles/s, ratio ${ratio}`,
    );
  }
} else work();

async function cyclesPerSecond(strategy, workers) {
  const pool = createPool({ bytes: 2 ** 24, strategy });
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const cycles = CYCLES / workers;
  const started = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { descriptor: pool.descriptor(), gate, cycles },
    });
    return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  });
  while (Atomics.load(gate, 0) < workers) await new Promise((resolve) => setTimeout(resolve, 5));
  const startMs = performance.now();
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
  await Promise.all(started);
  return CYCLES / ((performance.now() - startMs) / 1000);
}

function work() {
  const { descriptor, gate, cycles } = workerData;
  const pool = attachPool(descriptor, { strategies });
  const source = new Uint8Array(200).fill(7);
  const handles = Array.from({ length: KEPT }, () => pool.malloc(200));
  const run = (times) => {
    for (let i = 0; i < times; i++) {
      const at = i % KEPT;
      pool.free(handles[at]);
      handles[at] = pool.malloc(200);
      pool.write(handles[at], source);
      for (let read = 1; read <= 4; read++) pool.readEnd(pool.readBegin(handles[(at + read * 7) % KEPT]));
    }
  };
  // Compiled before the clock starts: 8 workers share the time of 2 cores for that.
  run(WARM_UP);
  if (descriptor.strategy.id === 'rcuTurn') reclamationOf(pool).quiescent();
  Atomics.add(gate, 0, 1);
  Atomics.wait(gate, 1, 0);
  run(cycles);
  parentPort.postMessage('done');
}
