// Reads and writes of objects of one class, by one agent and by two at once: node packages/lock-custom/bench/scaling.mjs [strategy ...]
//
// Each strategy runs in a process of its own; rounds of one and of two agents follow each other. An agent times windows of
// 2048 operations. Of the rounds with two, those windows count during which the other agent got one or two windows further:
// so it ran at the same time, on another core, whatever else the machine does. The ratio is twice the time of an
// operation alone over that beside another agent, each the lower quartile.
// oxlint-disable unicorn/require-post-message-target-origin -- a MessagePort has no origin

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import * as custom from '@zsmalloc/lock-custom';
import * as spinning from '@zsmalloc/lock-spin';

const [rcuPackage, rwsemPackage] = await Promise.all(
  ['lock-rcu', 'lock-rwsem'].map((name) => import(new URL(`../../${name}/dist/index.js`, import.meta.url))),
);
const all = { ...spinning, ...custom, ...rwsemPackage, ...rcuPackage };
const NAMES = [
  'bigLock',
  'spin',
  'rwsem',
  'preemptible',
  'preemptibleAtomic',
  'preemptibleDirect',
  'bigReader',
  'rcu',
  'rcuTurn',
  'rcuSynchronize',
];
const OBJECTS = 512;
const OBJECT_BYTES = 100;
const ROUNDS = 40;
const ROUND_MS = 50;
/** Batches of a window. */
const BATCHES = 8;
const BATCH = 256;

const OPERATIONS = {
  read: (pool, handles, from) => {
    for (let i = 0; i < BATCH; i++) pool.readEnd(pool.readBegin(handles[(from + i) % OBJECTS]));
  },
  readInto: (pool, handles, from, buffer) => {
    for (let i = 0; i < BATCH; i++) pool.readInto(handles[(from + i) % OBJECTS], buffer);
  },
  // Agents write to objects of their own, eight neighbours each by turns: they share zspages, and hardly a line of bytes.
  write: (pool, handles, from, buffer) => {
    const own = 8 * (from & 1);
    for (let i = 0; i < BATCH; i++) pool.write(handles[((i & ~7) * 2 + own + (i & 7)) % OBJECTS], buffer);
  },
};

const quartile = (values) => values.toSorted((a, b) => a - b)[values.length >> 2];

async function measure(name, operation) {
  const pool = createPool({ bytes: 2 ** 24, strategy: all[name] });
  const handles = Array.from({ length: OBJECTS }, () => pool.malloc(OBJECT_BYTES));
  for (const handle of handles) pool.write(handle, new Uint8Array(OBJECT_BYTES).fill(handle));
  // Word 0: how many agents may run; -1: the end. Words 32 and 64: windows that each agent has begun.
  const gate = new Int32Array(new SharedArrayBuffer(3 * 128));
  const workers = [0, 1].map(
    (id) =>
      new Worker(new URL(import.meta.url), {
        workerData: { id, name, operation, gate, handles, descriptor: pool.descriptor() },
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const results = workers.map((worker) => once(worker, 'message'));
  for (let round = 0; round <= 2 * ROUNDS; round++) {
    Atomics.store(gate, 0, round === 2 * ROUNDS ? -1 : 1 + (round & 1));
    Atomics.notify(gate, 0);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  const [first, second] = (await Promise.all(results)).map(([windows]) => windows);
  const alone = quartile(first.alone);
  const beside = (quartile(first.beside) + quartile(second.beside)) / 2;
  const found = `${first.alone.length} and ${first.beside.length + second.beside.length} windows`;
  const text = [`alone ${alone.toFixed(1)} ns`, `beside another ${beside.toFixed(1)} ns`];
  console.log(
    `${name.padEnd(18)}${operation.padEnd(9)} ${text.join('  ')}  x${((2 * alone) / beside).toFixed(2)}  ${found}`,
  );
}

function work({ id, name, operation, gate, handles, descriptor }) {
  const pool = attachPool(descriptor, { strategies: [all[name]] });
  const buffer = new Uint8Array(OBJECT_BYTES);
  const run = OPERATIONS[operation];
  const mine = 32 * (id + 1);
  const other = 32 * (2 - id);
  const windows = { alone: [], beside: [] };
  for (let i = 0; i < 400; i++) run(pool, handles, id, buffer);
  parentPort.postMessage('ready');
  for (let from = id; ; from += 2) {
    const agents = Atomics.load(gate, 0);
    if (agents < 0) break;
    if (agents <= id) {
      Atomics.wait(gate, 0, agents);
      continue;
    }
    Atomics.add(gate, mine, 1);
    const before = Atomics.load(gate, other);
    const startMs = performance.now();
    for (let batch = 0; batch < BATCHES; batch++) run(pool, handles, from, buffer);
    const ns = ((performance.now() - startMs) * 1e6) / (BATCH * BATCHES);
    const passed = Atomics.load(gate, other) - before;
    if (passed >= 1 && passed <= 2) windows.beside.push(ns);
    else if (passed === 0 && agents === 1) windows.alone.push(ns);
  }
  parentPort.postMessage(windows);
}

if (!isMainThread) work(workerData);
else if (process.send === undefined) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : NAMES;
  console.log(`Node ${process.version}; load ${loadavg()[0].toFixed(1)}`);
  for (const name of names) {
    for (const operation of Object.keys(OPERATIONS)) {
      await once(fork(new URL(import.meta.url), [name, operation]), 'exit');
    }
  }
  console.log(`load ${loadavg()[0].toFixed(1)}`);
} else {
  await measure(process.argv[2], process.argv[3]);
  process.exit();
}
