// A worker that is terminated in the middle of its work: allocates, writes, reads, frees and compacts in the pool of others.

import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import type { PoolDescriptor } from '@zsmalloc/core';
import { Random } from '../random.ts';
import { loadStrategy } from '../strategies.ts';

/** What such a worker is started with. */
export interface MortalData {
  readonly strategyId: string;
  readonly pool: PoolDescriptor;
  readonly seed: number;
  /** Word 0: end. */
  readonly control: Int32Array;
}

const SLOTS = 64;
const BYTES_MAX = 1500;
/** Steps between two pauses, which leave the others time to work and to start. */
const STEPS = 256;

const { strategyId, pool: descriptor, seed, control } = workerData as MortalData;
const pool = attachPool(descriptor, { strategies: [await loadStrategy(strategyId)] });
const random = new Random(seed);
const handles = new Int32Array(SLOTS);
const source = new Uint8Array(BYTES_MAX);
let sum = 0;

function step(): void {
  const slot = random.below(SLOTS);
  const handle = handles[slot]!;
  if (handle === 0) {
    const sizeBytes = 1 + random.below(BYTES_MAX);
    const made = pool.tryMalloc(sizeBytes);
    handles[slot] = made;
    if (made !== 0) pool.write(made, source.subarray(0, sizeBytes));
  } else if (random.below(3) === 0) {
    pool.free(handle);
    handles[slot] = 0;
  } else pool.read(handle, (bytes) => (sum += bytes[0]!));
  if (random.below(200) === 0) pool.compact();
}

parentPort!.postMessage('works');
// order: relaxed, no partner. A later look does as well.
while (Atomics.load(control, 0) === 0) {
  for (let i = 0; i < STEPS; i++) step();
  await sleep(1);
}
for (const handle of handles) if (handle !== 0) pool.free(handle);
pool.detach();
