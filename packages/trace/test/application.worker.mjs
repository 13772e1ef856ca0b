// An agent of a small application that is recorded: it makes objects, passes them on through shared slots, reads and
// frees what others made. It also writes down by itself what it did, in order: the test compares.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { preemptibleDirect } from '@zsmalloc/lock-custom';
import { record } from '@zsmalloc/trace';

const { descriptor, join, slots, steps, seed, broken } = workerData;
const real = attachPool(descriptor, { strategies: [preemptibleDirect] });
const pool = record(real, { join, name: `worker ${seed}` });
// A planted bug: mallocs and frees take no number of their own, so that the lives of a handle run together.
if (broken) pool.recording.nextStamp = () => pool.recording.stamp();
const words = new Int32Array(slots);
const mine = [];
let state = seed;
const below = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) % limit;
};
const TAKEN = -1;

for (let step = 0; step < steps; step++) {
  const slot = below(words.length);
  // The slot is owned while it says TAKEN: its object is read or freed by its owner only.
  const handle = Atomics.exchange(words, slot, TAKEN);
  if (handle === TAKEN) continue;
  const dice = below(10);
  let next = handle;
  if (handle === 0) {
    const size = 1 + below(200);
    next = pool.malloc(size);
    mine.push(['malloc', size]);
    pool.write(next, new Uint8Array(size).fill(next & 0xff));
    mine.push(['write', size]);
  } else if (dice < 5) {
    const size = pool.read(handle, (bytes) => bytes.length);
    mine.push(['read', size]);
  } else if (dice < 6) {
    const hold = pool.hold(handle);
    mine.push(['hold', hold.length]);
    hold.release();
    mine.push(['release', hold.length]);
  } else {
    const size = pool.sizeOf(handle);
    pool.free(handle);
    mine.push(['free', size]);
    next = 0;
  }
  Atomics.store(words, slot, next);
}
const part = pool.recording.end();
pool.detach();
parentPort.postMessage({ part, mine });
