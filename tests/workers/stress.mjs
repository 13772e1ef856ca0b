// One agent of the stress test. Reports what it found damaged, and how often it did what.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { wasm } from '@zsmalloc/wasm';
import { drawFrom, drawSize, isWhole, payload } from './payload.mjs';
import { SLOTS, beginUse, endUse, swapHandle } from './slots.mjs';

const { module, name, descriptor, table, seed, steps, role } = workerData;
const { [name]: strategy } = await import(module);
// Readers stay with JavaScript: both are to get on with each other.
const kernels = descriptor.memory === undefined || role === 'reader' ? undefined : wasm;
const attach = () => attachPool(descriptor, { strategies: [strategy], kernels });
const draw = drawFrom(seed);
const counts = {
  damaged: 0,
  endless: 0,
  mallocs: 0,
  full: 0,
  reads: 0,
  holds: 0,
  given: 0,
  taken: 0,
  compactions: 0,
  moved: 0,
  migrated: 0,
};

/** Steps between two turns of the event loop, between two maintenance calls, and between two attachments. */
const TURN_STEPS = 64;
const MAINTENANCE_STEPS = 24;
const STAY_STEPS = Math.ceil(steps / 3);
const OWN_MAX = 160;
/** Reads between two that last long. */
const LONG_READ_EVERY = 24;

const nobody = new Int32Array(new SharedArrayBuffer(4));

const { wait } = Atomics;
Atomics.wait = (words, word, value, timeoutMs = Infinity) => {
  if (timeoutMs === Infinity) counts.endless++;
  return wait(words, word, value, timeoutMs);
};

const turn = () => new Promise((resolve) => void setImmediate(resolve));
let pool = attach();
const own = [];

/** Being descheduled inside a read is what makes a mover beside it visible. */
function isWholeForLong(bytes) {
  if (!isWhole(bytes)) return false;
  Atomics.wait(nobody, 0, 0, 0.05);
  return isWhole(bytes);
}

function check(handle) {
  counts.reads++;
  if (!pool.read(handle, counts.reads % LONG_READ_EVERY === 0 ? isWholeForLong : isWhole)) counts.damaged++;
}

function make() {
  const sizeBytes = drawSize(draw);
  const handle = pool.tryMalloc(sizeBytes);
  counts.mallocs++;
  if (handle === 0) {
    counts.full++;
    if (own.length > 0) drop();
    return;
  }
  const bytes = payload(draw(2 ** 31), sizeBytes);
  const cut = draw(sizeBytes);
  pool.write(handle, bytes.subarray(0, cut));
  pool.write(handle, bytes.subarray(cut), cut);
  own.push(handle);
  if (own.length > OWN_MAX) drop();
}

function drop() {
  const [handle] = own.splice(draw(own.length), 1);
  check(handle);
  pool.free(handle);
}

/** Puts an object of its own into the table, and owns the one that was there. */
function exchange() {
  if (own.length === 0) return;
  const [handle] = own.splice(draw(own.length), 1);
  const other = swapHandle(table, draw(SLOTS), handle);
  if (other < 0) own.push(handle);
  else counts.given++;
  if (other <= 0) return;
  counts.taken++;
  check(other);
  own.push(other);
}

function readShared() {
  const slot = draw(SLOTS);
  const handle = beginUse(table, slot);
  if (handle === 0) return;
  check(handle);
  endUse(table, slot);
}

async function holdOwn() {
  if (own.length === 0 || !strategy.capabilities.holdAcrossAwait) return;
  const hold = pool.hold(own[draw(own.length)]);
  const before = hold.segments.map((segment) => Buffer.from(segment).toString('latin1')).join('');
  await turn();
  counts.holds++;
  const after = hold.segments.map((segment) => Buffer.from(segment).toString('latin1')).join('');
  if (before !== after || !isWhole(Buffer.from(before, 'latin1'))) counts.damaged++;
  hold.release();
}

function maintain() {
  if (role === 'compactor' || draw(8) === 0) {
    counts.compactions++;
    counts.moved += pool.compact().movedObjects;
  }
  if (role === 'migrator' || draw(8) === 0) {
    const { bufferBytes, pageBytes, pagesTotal } = pool.stats();
    const pages = bufferBytes / pageBytes;
    if (pool.migratePage(pages - pagesTotal + draw(pagesTotal)).result === 'migrated') counts.migrated++;
  }
}

for (let step = 1; step <= steps; step++) {
  const kind = role === 'reader' ? 9 : draw(10);
  if (kind < 4) make();
  else if (kind < 6) {
    if (own.length > 0) drop();
  } else if (kind < 8) exchange();
  else readShared();
  if (step % MAINTENANCE_STEPS === 0) maintain();
  if (step % TURN_STEPS === 0) await (draw(4) === 0 ? holdOwn() : turn());
  if (step % STAY_STEPS === 0) {
    pool.detach();
    pool = attach();
  }
}
while (own.length > 0) drop();
pool.detach();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin.
parentPort.postMessage(counts);
