// One agent of the torture tests. workerData names its role; it answers with one message and ends.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { createAgent } from '@zsmalloc/core/words';
import { Epochs, rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../dist/index.js';

const { role, index, shared, place, descriptor, operations, grace } = workerData;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms) => Atomics.wait(nobody, 0, 0, ms);
let state = index * 2654435761 + 1;
const random = (below) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
};

const roles = { pipeReader, pipeUpdater, churn, read, slowRead, compact };
parentPort.postMessage(roles[role]());

// The pipe: word POINTER names the current element; element e has its age at AGES + e.
function pipeReader() {
  const { words, pointer, ages, stop } = shared;
  const epochs = new Epochs(createAgent(words, index), place);
  const histogram = Array.from({ length: 11 }, () => 0);
  do {
    epochs.pin();
    const element = Atomics.load(words, pointer);
    if (random(50) === 0) sleep(1);
    else for (let i = random(300); i > 0; i--) Atomics.load(words, pointer);
    histogram[Atomics.load(words, ages + element)]++;
    epochs.unpin();
  } while (Atomics.load(words, stop) === 0);
  return histogram;
}

function pipeUpdater() {
  const { words, pointer, ages, stop } = shared;
  const epochs = new Epochs(createAgent(words, index), place);
  const free = Array.from({ length: 12 }, (_, i) => i + 1);
  let pipe = [];
  for (let i = 0; i < operations; i++) {
    const fresh = free.shift();
    Atomics.store(words, ages + fresh, 0);
    const removed = Atomics.exchange(words, pointer, fresh);
    Atomics.store(words, ages + removed, 1);
    pipe.push(removed);
    if (grace === 2 && i % 2 === 0) epochs.synchronize();
    else {
      const cookie = epochs.cookie() - (2 - grace);
      while (!epochs.poll(cookie)) sleep(0.05);
    }
    // One grace period: everything in the pipe is one stage older, and what has gone through is free.
    for (const element of pipe) if (Atomics.add(words, ages + element, 1) === 9) free.push(element);
    pipe = pipe.filter((element) => Atomics.load(words, ages + element) < 10);
  }
  Atomics.store(words, stop, 1);
  return pipe.length;
}

function attach() {
  return attachPool(descriptor, { strategies: [rcu, rcuTurn, rcuSynchronize] });
}

/** Replaces objects of the table that all share; each is filled with one byte. */
function churn() {
  const pool = attach();
  for (let i = 0; i < operations; i++) {
    const handle = pool.tryMalloc(16 + random(random(10) === 0 ? 4000 : 200));
    if (handle !== 0) pool.write(handle, new Uint8Array(pool.sizeOf(handle)).fill(random(255) + 1));
    const old = Atomics.exchange(shared.handles, random(shared.handles.length), handle);
    if (old !== 0) pool.free(old);
  }
  const { garbageBytesHigh } = reclamationOf(pool).stats();
  pool.detach();
  return { operations, garbageBytesHigh };
}

function isWhole(bytes) {
  for (let i = 1; i < bytes.length; i++) if (bytes[i] !== bytes[0]) return false;
  return bytes[0] !== 0;
}

function read() {
  const pool = attach();
  let wrong = 0;
  let seen = 0;
  for (let i = 0; i < operations; i++) {
    const handle = Atomics.load(shared.handles, random(shared.handles.length));
    if (handle === 0) continue;
    try {
      pool.read(handle, (bytes) => {
        const before = bytes[0];
        if (!isWhole(bytes)) wrong++;
        if (random(200) === 0) sleep(1);
        if (!isWhole(bytes) || bytes[0] !== before) wrong++;
        seen++;
      });
    } catch (error) {
      if (error.code !== 'ERR_ZS_BAD_HANDLE') throw error;
    }
  }
  if (pool.strategyId === 'rcuTurn') reclamationOf(pool).quiescent();
  pool.detach();
  return { operations, wrong, seen };
}

/** Sleeps inside each read. */
function slowRead() {
  const pool = attach();
  let reads = 0;
  do {
    pool.read(shared.handle, () => sleep(5));
    reads++;
  } while (Atomics.load(shared.stop, 0) === 0);
  reclamationOf(pool).quiescent();
  pool.detach();
  return reads;
}

function compact() {
  const pool = attach();
  const { pagesTotal, bufferBytes, pageBytes } = pool.stats();
  const firstPage = bufferBytes / pageBytes - pagesTotal;
  let moved = 0;
  for (let i = 0; i < operations; i++) {
    moved += pool.compact().movedObjects;
    pool.migratePage(firstPage + random(pagesTotal));
  }
  pool.detach();
  return { operations, moved };
}
