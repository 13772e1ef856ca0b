// A window that creates a pool, watches its workers in one line, and terminates one of them.

import { createPool } from '@zsmalloc/core';
import { spin } from '@zsmalloc/lock-spin';

/** Returns what the recovery reported, and what the pool says afterwards. */
export async function killOne({ reads, locks }) {
  const pool = createPool({ bytes: 1024 * 1024, strategy: spin, agents: 4 });
  const handle = pool.malloc(100);
  const worker = new Worker(new URL('victim.mjs', import.meta.url), { type: 'module' });
  const recovered = new Promise((onRecovered, onPoisoned) => pool.watch(worker, { onRecovered, onPoisoned }));
  const inside = new Promise((resolve, reject) => {
    worker.addEventListener('message', resolve);
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
  });
  worker.postMessage({ descriptor: pool.descriptor(), handle, reads, locks });
  await inside;
  worker.terminate();
  const report = await recovered;
  pool.verify();
  pool.free(await pool.mallocAsync(100));
  const { agents } = pool.stats();
  pool.detach();
  return { report, agents, isolated: globalThis.crossOriginIsolated };
}
