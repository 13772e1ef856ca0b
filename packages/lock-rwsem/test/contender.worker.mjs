// One of several agents that hammer one lock. Two plain counters must stay equal; every change must be in both.
// oxlint-disable unicorn/require-post-message-target-origin -- a MessagePort has no origin
import { parentPort, workerData } from 'node:worker_threads';
import { RwLock } from '../dist/index.js';

const { lock, data, rounds, roles, seed, cores } = workerData;
const rwLock = RwLock.attach(lock, { cores });
let random = seed;
let changes = 0;
let reads = 0;
let givenUp = 0;

function draw(limit) {
  random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
  return (random >>> 8) % limit;
}

function work(turns) {
  let x = 0;
  for (let i = 0; i < turns; i++) x = (Math.imul(x, 31) + i) | 0;
  return x;
}

function look() {
  const first = data[0];
  work(draw(50));
  if (first !== data[1]) throw new Error(`saw ${first} and ${data[1]}`);
  reads++;
}

function change() {
  data[0] += 1;
  work(draw(50));
  data[1] += 1;
  changes++;
}

const ROLES = {
  read: () => {
    const guard = rwLock.read();
    look();
    guard.release();
  },
  write: () => {
    const guard = rwLock.write();
    change();
    guard.release();
  },
  downgrade: () => {
    const reading = (() => {
      const guard = rwLock.write();
      change();
      return guard.downgrade();
    })();
    look();
    reading.release();
  },
  upgrade: () => {
    const guard = rwLock.read();
    look();
    const writing = guard.tryUpgrade();
    if (writing !== undefined) change();
    (writing ?? guard).release();
  },
  try: () => {
    const guard = rwLock.tryWrite();
    if (guard === undefined) return;
    change();
    guard.release();
  },
  // Sleeps or, on most rounds, gives up first.
  brief: () => {
    try {
      const guard = rwLock.write({ timeoutMs: 0 });
      change();
      guard.release();
    } catch (error) {
      if (error.code !== 'ERR_ZS_LOCK_TIMEOUT') throw error;
      givenUp++;
    }
  },
  readAsync: async () => {
    const guard = await rwLock.readAsync();
    look();
    guard.release();
  },
  writeAsync: async () => {
    const guard = await rwLock.writeAsync();
    change();
    guard.release();
  },
  aborted: async () => {
    const controller = new AbortController();
    const wait = rwLock.writeAsync({ signal: controller.signal }).catch(() => undefined);
    if (draw(2) === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const guard = await wait;
    if (guard === undefined) givenUp++;
    else {
      change();
      guard.release();
    }
  },
};

for (let i = 0; i < rounds; i++) {
  const pending = ROLES[roles[draw(roles.length)]]();
  if (pending !== undefined) await pending;
}
rwLock.detach();
parentPort.postMessage({ changes, reads, givenUp });
