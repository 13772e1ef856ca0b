// One agent of the killer test: works until it is told to stop, or dies anywhere.
//
// Its objects stand in a table that the supervisor reads when it is dead. A slot is
//   0    empty
//   h    the object h, whole
//   -h   the object h is being freed or written anew, or has been freed; the slot's version counts that
// so at any instant each object that it has made is in a slot, or is the last one that it has allocated.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { wasm } from '@zsmalloc/wasm';
import { drawFrom, drawSize, isWhole, payload } from './payload.mjs';

const { module, name, descriptor, table, versions, slots, workers, own, seed, control } = workerData;
const { [name]: strategy } = await import(module);
const { holdAcrossAwait } = strategy.capabilities;
const draw = drawFrom(seed);
const kernels = descriptor.memory === undefined ? undefined : wasm;
let pool = attachPool(descriptor, { strategies: [strategy], kernels });
const base = own * slots;
const holds = [];

/** Words of `control`: the stop flag, steps of all workers, damage that they found, who is about to die. */
const STOP = 0;
const STEPS = 1;
const DAMAGE = 2;
const DOOMED = 3;

const slotOf = (at) => Atomics.load(table, at);

function expectWhole(handle, at) {
  const version = Atomics.load(versions, at);
  if (slotOf(at) !== handle) return;
  let whole;
  try {
    whole = pool.read(handle, isWhole);
  } catch (error) {
    if (error.code !== 'ERR_ZS_BAD_HANDLE' && error.code !== 'ERR_ZS_TORN') throw error;
    whole = false;
  }
  // Its owner may have begun to change it meanwhile.
  if (!whole && slotOf(at) === handle && Atomics.load(versions, at) === version) Atomics.add(control, DAMAGE, 1);
}

function make(at) {
  const sizeBytes = drawSize(draw);
  const handle = pool.tryMalloc(sizeBytes);
  if (handle === 0) return;
  pool.write(handle, payload(draw(2 ** 31), sizeBytes));
  Atomics.store(table, at, handle);
}

function change(at, handle) {
  Atomics.store(table, at, -handle);
  Atomics.add(versions, at, 1);
  if (draw(3) === 0) {
    pool.write(handle, payload(draw(2 ** 31), pool.sizeOf(handle)));
    Atomics.store(table, at, handle);
    return;
  }
  pool.free(handle);
  Atomics.store(table, at, 0);
}

function migrate(handle) {
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  pool.migratePage(Math.floor(offset / 4096));
}

function step() {
  const at = base + draw(slots);
  const handle = slotOf(at);
  const kind = draw(32);
  if (kind === 0) pool.compact();
  else if (handle < 0) throw new Error(`slot ${at} is ${handle}`);
  else if (handle === 0) make(at);
  else if (kind < 3) migrate(handle);
  else if (kind < 12) change(at, handle);
  else if (kind < 16) expectWhole(handle, at);
  else if (kind === 16 && holdAcrossAwait) {
    if (holds.length > 5) holds.shift().release();
    holds.push(pool.hold(handle));
  } else if (kind === 17) {
    pool.read(handle, () => expectWhole(handle, at));
  } else if (kind === 18) pool.stats();
  else {
    const other = draw(workers) * slots + draw(slots);
    const foreign = slotOf(other);
    if (foreign > 0) expectWhole(foreign, other);
  }
}

const pause = () => new Promise((resolve) => void setTimeout(resolve, 4));
const turn = () => new Promise((resolve) => void setImmediate(resolve));

parentPort.postMessage('ready');
for (let steps = 1; Atomics.load(control, STOP) === 0; steps++) {
  step();
  if (steps % 64 !== 0) continue;
  Atomics.add(control, STEPS, 64);
  // A pause now and then: agents outnumber cores, and a new one needs some time to start.
  // The one that is about to die works without a pause.
  await (Atomics.load(control, DOOMED) === own + 1 ? turn() : pause());
  if (draw(16) !== 0) continue;
  for (const hold of holds.splice(0)) hold.release();
  pool.detach();
  pool = attachPool(descriptor, { strategies: [strategy], kernels });
}
for (const hold of holds.splice(0)) hold.release();
pool.detach();
