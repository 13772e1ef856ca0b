import { attachPool } from '@zsmalloc/core';
import { preemptible } from '@zsmalloc/lock-custom';
import { rcu } from '@zsmalloc/lock-rcu';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { bigLock, spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { withLockdep } from '../src/index.ts';
import { boundOf, checkedPool, expectReport, thrownBy } from './checked-pool.ts';

describe('the order of locks', () => {
  it('reports a lock that the declared order puts before one that is held', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    const { pagesLock } = locksOf(pool);
    const takesPages = (): void => {
      bound.lock(pagesLock);
    };
    const takesClass = (): void => {
      bound.lock(3);
    };
    takesPages();
    expectReport(thrownBy(takesClass), 'ERR_ZS_LOCKDEP_ORDER', 'holds the pages lock', 'takesPages', 'takesClass');
    bound.unlock(pagesLock);
    takesClass();
    bound.unlock(3);
    pool.detach();
  });

  it('reports a lookup under a class lock', () => {
    const pool = checkedPool(preemptible);
    const bound = boundOf(pool);
    const handle = pool.malloc(100);
    const locksClass = (): void => {
      bound.lock(5);
    };
    const readsUnderIt = (): void => {
      pool.readBegin(handle);
    };
    locksClass();
    expectReport(
      thrownBy(readsUnderIt),
      'ERR_ZS_LOCKDEP_ORDER',
      'pool lock',
      'class lock 5',
      'locksClass',
      'readsUnderIt',
    );
    bound.unlock(5);
    pool.detach();
  });

  it('reports two class locks that were taken the other way round before, naming the other agent and its place', () => {
    const one = checkedPool(spin);
    const two = attachPool(one.descriptor(), { strategies: [withLockdep(spin)] });
    const [first, second] = [boundOf(one), boundOf(two)];
    (function upward(): void {
      first.lock(3);
      first.lock(9);
    })();
    first.unlock(9);
    first.unlock(3);
    const downward = (): void => {
      second.lock(9);
      second.lock(3);
    };
    expectReport(
      thrownBy(downward),
      'ERR_ZS_LOCKDEP_ORDER',
      'agent 2 holds the class lock 9',
      'agent 2 took the class lock 9',
      'lock at',
      'downward',
      'agent 2 wants the class lock 3',
      'downward',
      'agent 1 held the class lock 3',
      'upward order.test',
    );
    second.unlock(9);
    // Each time, not only the first.
    expect(thrownBy(downward).code).toBe('ERR_ZS_LOCKDEP_ORDER');
    second.unlock(9);
    two.detach();
    one.detach();
  });

  it('finds a way round through three locks', () => {
    const pool = checkedPool(rwsem);
    const bound = boundOf(pool);
    for (const [held, wanted] of [
      [3, 9],
      [9, 20],
    ]) {
      bound.lock(held);
      bound.lock(wanted);
      bound.unlock(held);
      bound.unlock(wanted);
    }
    bound.lock(20);
    const error = thrownBy(() => bound.lock(3));
    expectReport(error, 'ERR_ZS_LOCKDEP_ORDER', 'held the class lock 3', 'held the class lock 9');
    expect(error.facts['edges']).toBe(3);
    bound.unlock(20);
    pool.detach();
  });

  it('lets a try go against the order, and counts what was tried as held', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    bound.lock(3);
    bound.lock(9);
    bound.unlock(9);
    bound.unlock(3);
    bound.lock(9);
    expect(bound.tryLock(3)).toBe(true);
    bound.lock(20);
    bound.unlock(20);
    bound.unlock(3);
    bound.unlock(9);
    bound.lock(20);
    // 3 was tried, and held while 20 was waited for.
    expectReport(
      thrownBy(() => bound.lock(3)),
      'ERR_ZS_LOCKDEP_ORDER',
      'held the class lock 3',
      'taken by tryLock',
    );
    bound.unlock(20);
    pool.detach();
  });
});

describe('recursion', () => {
  it.each([spin, bigLock, rwsem])('reports a class lock that is taken twice: $id', (strategy) => {
    const pool = checkedPool(strategy);
    const bound = boundOf(pool);
    (function once(): void {
      bound.lock(4);
    })();
    const again = (): void => {
      bound.lock(4);
    };
    expectReport(thrownBy(again), 'ERR_ZS_LOCKDEP_RECURSION', 'class lock 4', 'once', 'again');
    bound.unlock(4);
    pool.detach();
  });

  it('reports a read inside of a move, which shuts lookups out', () => {
    const pool = checkedPool(rcu);
    const bound = boundOf(pool);
    const handle = pool.malloc(10);
    (function moves(): void {
      bound.moveBegin();
    })();
    const reads = (): void => {
      pool.readBegin(handle);
    };
    expectReport(thrownBy(reads), 'ERR_ZS_LOCKDEP_RECURSION', 'readBegin', 'moveBegin at', 'moves', 'reads');
    bound.moveEnd();
    pool.detach();
  });

  it('lets reads nest, and a reader compact', () => {
    const pool = checkedPool(rwsem);
    const [a, b] = [pool.malloc(10), pool.malloc(10)];
    expect(pool.read(a, () => pool.read(b, () => pool.compact().ran))).toBe(true);
    pool.detach();
  });
});

function locksOf(pool: ReturnType<typeof checkedPool>): { pagesLock: number } {
  return { pagesLock: pool.classes().length + 1 };
}
