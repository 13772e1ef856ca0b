import type { BoundStrategy, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import { ORDER_WORDS, edgesOf, withLockOrder } from '../src/order/lock-order.ts';

/** Classes 0 to 2, then handles, then pages. */
const HANDLES = 3;
const PAGES = 4;

/** A strategy that lets everybody in. */
const open = {
  bind: () => ({
    lock() {},
    unlock() {},
    tryLock: () => true,
    lockClassOf: () => 1,
    moveBegin() {},
    moveEnd() {},
    detach() {},
  }),
};

function watched(): { bound: BoundStrategy; matrix: Int32Array } {
  const matrix = new Int32Array(new SharedArrayBuffer(ORDER_WORDS * 4));
  const strategy = withLockOrder(open as unknown as Strategy, matrix);
  return { bound: strategy.bind({ lockCount: 5 } as StrategyHost), matrix };
}

describe('the watch on the order of locks', () => {
  it('lets the declared order pass, and notes it', () => {
    const { bound, matrix } = watched();
    bound.moveBegin();
    bound.lock(1);
    bound.lock(2);
    bound.lock(HANDLES);
    bound.lock(PAGES);
    for (const lock of [PAGES, HANDLES, 2, 1]) bound.unlock(lock);
    bound.moveEnd();
    bound.detach();
    expect(edgesOf(matrix)).toMatchObject({ 'pool > class': 2, 'class > class': 1, 'handles > pages': 1 });
  });

  it.each([
    ['a class lock inside the pages lock', PAGES, 1, /class lock 1 is waited for while the pages lock is held/],
    ['the handles lock inside the pages lock', PAGES, HANDLES, /the handles lock is waited for/],
    ['a lower class inside a higher one', 2, 0, /class lock 0 is waited for while class lock 2 is held/],
    ['a lock inside itself', 1, 1, /class lock 1 is waited for while class lock 1 is held/],
  ])('rejects %s', (_, outer, inner, message) => {
    const { bound } = watched();
    bound.lock(outer);
    expect(() => bound.lock(inner)).toThrowError(message);
  });

  it('rejects the pool lock inside a class lock', () => {
    const { bound } = watched();
    bound.lock(0);
    expect(() => bound.moveBegin()).toThrowError(/the pool lock is waited for while class lock 0 is held/);
  });

  it('exempts a try, as it does not wait', () => {
    const { bound } = watched();
    bound.lock(PAGES);
    expect(bound.tryLock(0)).toBe(true);
  });

  it('rejects an unlock by who does not hold, and a leave by who does', () => {
    const { bound } = watched();
    expect(() => bound.unlock(0)).toThrowError(/does not hold it/);
    bound.lock(0);
    expect(() => bound.detach()).toThrowError(/an agent leaves although it holds class lock 0/);
  });
});
