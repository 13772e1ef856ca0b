import type { HoldingPool } from '@zsmalloc/core';
import type { ZsmallocError } from '@zsmalloc/core/words';
import { preemptible } from '@zsmalloc/lock-custom';
import { rcu } from '@zsmalloc/lock-rcu';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { boundOf, checkedPool, expectReport, turn } from './checked-pool.ts';

describe('the end of a turn', () => {
  const found: ZsmallocError[] = [];
  const report = (error: ZsmallocError): void => void found.push(error);

  it.each([spin, rcu, preemptible, rwsem])('reports a read that is open across await: $id', async (strategy) => {
    found.length = 0;
    const pool = checkedPool(strategy, { report });
    const handle = pool.malloc(10);
    async function readsAcross(): Promise<void> {
      const offset = pool.readBegin(handle);
      await Promise.resolve();
      pool.readEnd(offset);
    }
    await readsAcross();
    expect(found).toHaveLength(1);
    expectReport(found[0], 'ERR_ZS_LOCKDEP_TURN', 'readBegin at', 'readsAcross', 'still held', 'end of the turn');
    await turn();
    expect(found).toHaveLength(1);
    pool.detach();
  });

  it('reports a lock that is kept when the turn ends', async () => {
    found.length = 0;
    const pool = checkedPool(spin, { report });
    const bound = boundOf(pool);
    setImmediate(function keeps() {
      bound.lock(8);
    });
    await turn();
    await turn();
    expect(found).toHaveLength(1);
    expectReport(found[0], 'ERR_ZS_LOCKDEP_TURN', 'class lock 8', 'keeps');
    bound.unlock(8);
    pool.detach();
  });

  it('names the stack of the call itself, also behind many others in the turn, when all are captured', async () => {
    found.length = 0;
    const pool = checkedPool(spin, { report, stacks: 'all' });
    const handle = pool.malloc(10);
    for (let i = 0; i < 100; i++) pool.sizeOf(handle);
    const offset = (function leaks(): number {
      return pool.readBegin(handle);
    })();
    await turn();
    expectReport(found[0], 'ERR_ZS_LOCKDEP_TURN', 'readBegin at', 'leaks');
    pool.readEnd(offset);
    pool.detach();
  });

  it('says so when it knows only the first call of that kind', async () => {
    found.length = 0;
    const pool = checkedPool(spin, { report });
    const handle = pool.malloc(10);
    for (let i = 0; i < 100; i++) pool.sizeOf(handle);
    const offset = pool.readBegin(handle);
    await turn();
    expectReport(found[0], 'ERR_ZS_LOCKDEP_TURN', 'first seen at (set stacks');
    pool.readEnd(offset);
    pool.detach();
  });

  it.each([preemptible, rwsem, rcu])('lets a hold last where the strategy does: $id', async (strategy) => {
    found.length = 0;
    const pool = checkedPool(strategy, { report }) as HoldingPool;
    const hold = pool.hold(pool.malloc(10));
    await turn();
    hold.release();
    pool.detach();
    expect(found).toEqual([]);
  });

  it('is asked for once, however much a turn takes: an agent that never returns piles nothing up', () => {
    const pool = checkedPool(spin);
    const { then } = Promise.prototype;
    let jobs = 0;
    Reflect.set(Promise.prototype, 'then', function count(this: Promise<unknown>, ...args: Parameters<typeof then>) {
      jobs++;
      return then.apply(this, args);
    });
    try {
      for (let i = 0; i < 1000; i++) pool.free(pool.malloc(10));
    } finally {
      Reflect.set(Promise.prototype, 'then', then);
    }
    expect(jobs).toBe(1);
    pool.detach();
  });
});
