// Edges of one graph that come from different threads.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import type { PoolDescriptor } from '@zsmalloc/core';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { expect, it } from 'vitest';
import { withLockdep } from '../src/index.ts';
import { checkedPool } from './checked-pool.ts';

interface Outcome {
  readonly code: string;
  readonly message: string;
}

async function agent(descriptor: PoolDescriptor, name: string, first: number, second: number): Promise<Outcome> {
  const workerData = { descriptor, name, first, second };
  const worker = new Worker(new URL('orders.worker.mjs', import.meta.url), { workerData });
  const [[outcome]] = await Promise.all([once(worker, 'message') as Promise<[Outcome]>, once(worker, 'exit')]);
  return outcome;
}

it('reports an order that two real workers have made up between them, without a deadlock', async () => {
  const pool = checkedPool(rwsem);
  const descriptor = pool.descriptor();
  expect((await agent(descriptor, 'takesUpward', 11, 40)).code).toBe('none');
  // Takes the number that the first worker had, so that the second has one of its own.
  const between = attachPool(descriptor, { strategies: [withLockdep(rwsem)] });
  const { code, message } = await agent(descriptor, 'takesDownward', 40, 11);
  expect(code).toBe('ERR_ZS_LOCKDEP_ORDER');
  // Its own two places, as stacks, and those of the worker that is gone, from the shared buffer.
  expect(message).toMatch(/agent 3 took the class lock 40[^:]*: lock at\n\s+Object.takesDownward/);
  expect(message).toMatch(/agent 3 wants the class lock 11[^:]*: lock at\n\s+Object.takesDownward/);
  expect(message).toMatch(
    /agent 2 held the class lock 11[\s\S]*waited for the class lock 40[\s\S]*lock at Object.takesUpward/,
  );
  between.detach();
  pool.detach();
});

it('agrees with any number of workers that take locks in one order', async () => {
  const pool = checkedPool(rwsem);
  const descriptor = pool.descriptor();
  const pairs = [
    [3, 20],
    [20, 21],
    [3, 21],
    [5, 20],
  ] as const;
  const outcomes = await Promise.all(pairs.map(([a, b], i) => agent(descriptor, `agent${i}`, a, b).catch(String)));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'none' });
  pool.detach();
});
