// Allocates, checks and frees objects, half of them awaiting; compacts now and then. Reports how many were damaged.
// oxlint-disable unicorn/require-post-message-target-origin -- a MessagePort has no origin
import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { rwsem } from '../dist/index.js';

const pool = attachPool(workerData.pool, { strategies: [rwsem] });
let random = workerData.seed;
const draw = (limit) => {
  random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
  return (random >>> 8) % limit;
};
const isWhole = (bytes) => bytes.every((byte) => byte === bytes[0]);

let damaged = 0;
const objects = [];
for (let i = 0; i < 3000; i++) {
  const bytes = new Uint8Array(16 + draw(1000)).fill(draw(256));
  const handle = i % 2 === 0 ? pool.malloc(bytes.length) : await pool.mallocAsync(bytes.length);
  pool.write(handle, bytes);
  objects.push(handle);
  const look = objects[draw(objects.length)];
  const whole = i % 3 === 0 ? await pool.readAsync(look, isWhole) : pool.read(look, isWhole);
  if (!whole) damaged++;
  if (objects.length > 300) {
    const [gone] = objects.splice(draw(objects.length), 1);
    if (i % 2 === 0) pool.free(gone);
    else await pool.freeAsync(gone);
  }
  if (i % 500 === 499) pool.compact();
}
for (const handle of objects) pool.free(handle);
pool.detach();
parentPort.postMessage(damaged);
