// A browser's worker that dies inside of reads, or with class locks.

import { attachPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { spin } from '@zsmalloc/lock-spin';

self.addEventListener('message', async ({ data: { descriptor, handle, reads, locks } }) => {
  const pool = attachPool(descriptor, { strategies: [spin] });
  // An agent is watched from when it has its lock, some turns after it has attached.
  const own = `-${pool.agentIndex}-`;
  const isKept = async () => (await navigator.locks.query()).held.some(({ name }) => name.includes(own));
  while (!(await isKept()));
  for (let i = 0; i < reads; i++) pool.readBegin(handle);
  for (let i = 0; i < locks; i++) strategyOf(pool).lock(i);
  self.postMessage('inside');
});
