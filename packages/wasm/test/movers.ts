// A kernel's read beside a mover, in either order, step by step.

import { attachPool, createPool } from '@zsmalloc/core';
import type { Kernels, Pool } from '@zsmalloc/core';
import type { AgentPool } from '@zsmalloc/core/model';
import type { Strategy } from '@zsmalloc/core/strategy';
import { outcomeOf } from './twins.ts';

const PAGE_BYTES = 4096;
/** A waiter that waits for nobody: it says ERR_ZS_WOULD_BLOCK instead. */
const HASTY = { yieldAfter: 2, refuseAfter: 100 };

/** Lets the agent of a pool wait for nobody. */
export function waitForNobody(pool: Pool): void {
  const { state } = pool as unknown as { state: { agent: object } };
  Object.assign(state.agent, { mayBlock: false, spin: HASTY });
}

/** What a mover and a kernel's read say to each other: whoever comes second keeps out, and may come in afterwards. */
export function meetMovers(strategy: Strategy, kernels: Kernels): unknown[] {
  const pool = createPool({ bytes: 2 ** 20, strategy, kernels });
  const mover = attachPool(pool.descriptor(), { strategies: [strategy] });
  for (const each of [pool, mover]) waitForNobody(each);
  const handle = pool.malloc(100);
  const first = pool.readBegin(handle);
  const beside = mover.migratePage(Math.floor(first / PAGE_BYTES)).result;
  pool.readEnd(first);
  const moved = mover.migratePage(Math.floor(first / PAGE_BYTES));
  const { bound } = mover as Pool as unknown as AgentPool;
  const words = new Int32Array(pool.bytes.buffer);
  const zspage = zspageOf(pool, moved.page, words);
  const shut = [
    bound.relocateBegin(zspage),
    outcomeOf(() => pool.readBegin(handle)),
    outcomeOf(() => pool.write(handle, new Uint8Array(8))),
  ];
  bound.relocateEnd(zspage);
  const open = outcomeOf(() => {
    pool.readEnd(pool.readBegin(handle));
    return 'done';
  });
  pool.verify();
  pool.free(handle);
  return [beside, moved.result, ...shut, open];
}

function zspageOf(pool: Pool, page: number, words: Int32Array): number {
  const { state } = pool as unknown as { state: { pageWord(page: number): number } };
  return words[state.pageWord(page)]! >>> 9;
}
