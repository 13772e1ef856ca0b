// The two lock orders of lockBased, with a second agent that acts between the steps of the first one.

import { describe, expect, it } from 'vitest';
import type { HoldingPool } from '../src/api.ts';
import { LockMisuse, soloStrategy } from './solo-strategy.ts';
import type { Acquisition } from './solo-strategy.ts';
import { attachTo, classFor, contentOf, expectFilled, filled, pattern, refusal, usePool } from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

/** Runs `act` once, right before the next acquisition of a kind. */
function before({ strategy }: TestPool, kind: Acquisition, act: () => void): void {
  strategy.refuse = (_nth, asked) => {
    if (asked === kind) {
      strategy.refuse = () => false;
      act();
    }
    return false;
  };
}

function pageOf(pool: HoldingPool, handle: number): number {
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  return Math.floor(offset / 4096);
}

describe('a lookup without a pool lock', () => {
  it('follows an object that another agent moves away between the hint and the lock', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    const from = pageOf(made.pool, handle);
    before(made, 'zspage read', () => expect(other.migratePage(from).result).toBe('migrated'));
    expectFilled(made.pool, handle, 100, 1);
    expect(pageOf(made.pool, handle)).not.toBe(from);
  });

  it('finds its object after compaction has moved it into another zspage', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const { objectsPerZspage } = classFor(made, 500);
    const handles = Array.from({ length: 2 * objectsPerZspage }, (_, i) => filled(made.pool, 500, i));
    for (const [i, handle] of handles.entries()) if (i !== 0 && i !== objectsPerZspage) made.pool.free(handle);
    const pages = (): number[] => [0, objectsPerZspage].map((i) => pageOf(other, handles[i]!));
    const [first, second] = pages();
    expect(first).not.toBe(second);
    for (const i of [0, objectsPerZspage]) {
      before(made, 'zspage read', () => other.compact());
      expectFilled(made.pool, handles[i]!, 500, i);
    }
    expect(new Set(pages()).size).toBe(1);
  });

  it('rejects a handle that is freed between the hint and the lock', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    before(made, 'zspage read', () => other.free(handle));
    refusal(() => made.pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
  });

  it('frees once when two agents free the same handle', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const [kept, handle] = [filled(made.pool, 100, 1), filled(made.pool, 100, 2)];
    before(made, 'structure', () => other.free(handle));
    refusal(() => made.pool.free(handle), 'ERR_ZS_BAD_HANDLE');
    expect(made.pool.stats().objects).toBe(1);
    expectFilled(made.pool, kept, 100, 1);
  });

  it('does not free an object of another class that has got the page of a stale hint', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    let heir = 0;
    before(made, 'structure', () => {
      other.free(handle);
      heir = filled(other, 3000, 2);
    });
    refusal(() => made.pool.free(handle), 'ERR_ZS_BAD_HANDLE');
    expectFilled(made.pool, heir, 3000, 2);
  });

  it('frees an object that has moved between the hint and the lock', () => {
    const made = usePool({ poolLock: false });
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    const from = pageOf(made.pool, handle);
    before(made, 'structure', () => expect(other.migratePage(from).result).toBe('migrated'));
    made.pool.free(handle);
    expect(made.pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0 });
  });
});

describe('a lookup with a pool lock', () => {
  it('rejects a handle that is freed between the decoding and the lock of the zspage', () => {
    const made = usePool();
    const other = attachTo(made);
    const [kept, handle] = [filled(made.pool, 100, 1), filled(made.pool, 100, 2)];
    before(made, 'zspage read', () => other.free(handle));
    refusal(() => made.pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
    expectFilled(made.pool, kept, 100, 1);
  });

  it('frees once when two agents free the same handle', () => {
    const made = usePool();
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    before(made, 'structure', () => other.free(handle));
    refusal(() => made.pool.free(handle), 'ERR_ZS_BAD_HANDLE');
    expect(made.pool.stats().objects).toBe(0);
  });

  it('does not let objects move while it is under way', () => {
    const made = usePool();
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    const page = pageOf(made.pool, handle);
    before(made, 'zspage read', () => expect(() => other.migratePage(page)).toThrow(LockMisuse));
    expectFilled(made.pool, handle, 100, 1);
  });
});

describe.each([true, false])('reads (pool lock: %s)', (poolLock) => {
  it('take the fewest locks: two, or one without a pool lock', () => {
    const made = usePool({ poolLock });
    const handle = filled(made.pool, 100, 1);
    made.strategy.acquisitions = 0;
    expect(Buffer.compare(contentOf(made.pool, handle), pattern(100, 1))).toBe(0);
    expect(made.strategy.acquisitions).toBe(poolLock ? 2 : 1);
  });

  it('of one object may be open any number of times, by any agent', () => {
    const made = usePool({ poolLock });
    const other = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    const offsets = [made.pool, other, made.pool, other].map((pool) => pool.readBegin(handle));
    expect(new Set(offsets).size).toBe(1);
    expect(made.pool.migratePage(Math.floor(offsets[0]! / 4096)).result).toBe('busy');
    for (const pool of [other, made.pool, other, made.pool]) pool.readEnd(offsets[0]!);
    expect(made.pool.migratePage(Math.floor(offsets[0]! / 4096)).result).toBe('migrated');
  });

  it('malloc and free take one lock each where cells and slots are at hand', () => {
    const made = usePool({ poolLock });
    filled(made.pool, 100, 1);
    made.strategy.acquisitions = 0;
    const handle = made.pool.malloc(100);
    expect(made.strategy.counts).toMatchObject({ 'zspage write': 0 });
    expect(made.strategy.acquisitions).toBe(1);
    made.pool.free(handle);
    expect(made.strategy.acquisitions).toBe(poolLock ? 3 : 2);
  });
});

/** A pool, and the locks of its strategy as its agent has them. */
function bound() {
  const made = usePool();
  const handle = filled(made.pool, 100, 1);
  const { strategy, ledger } = made;
  const { host } = ledger;
  const { agent } = host;
  return {
    made,
    handle,
    host,
    lock: strategy.mutex.bind(agent),
    zspage: strategy.zspage.bind(agent),
    pool: strategy.pool.bind(agent),
  };
}

describe('the strategy of these tests', () => {
  it('catches a double lock, and an unlock without a lock', () => {
    const { host, lock } = bound();
    lock.lock(host.lockBase);
    expect(() => lock.lock(host.lockBase)).toThrow(LockMisuse);
    expect(lock.tryLock(host.lockBase)).toBe(false);
    lock.unlock(host.lockBase);
    expect(() => lock.unlock(host.lockBase)).toThrow(LockMisuse);
  });

  it('catches locks out of order: pages before handles before class, two classes, pool last', () => {
    const { host, lock, pool } = bound();
    const word = (index: number): number => host.lockBase + index * host.lockStride;
    for (const [first, second] of [
      [host.lockCount - 1, host.lockCount - 2],
      [host.lockCount - 2, 0],
      [5, 4],
      [4, 5],
    ] as const) {
      lock.lock(word(first));
      expect(() => lock.lock(word(second)), `${first} then ${second}`).toThrow(LockMisuse);
      expect(() => pool.readLock(host.poolBase)).toThrow(LockMisuse);
      expect(() => pool.writeLock(host.poolBase)).toThrow(LockMisuse);
      lock.unlock(word(first));
    }
  });

  it('catches a reader that leaves twice, a mover without a class lock, and a read under a lock', () => {
    const { host, lock, zspage } = bound();
    const word = host.zspageBase + host.zspageStride;
    expect(() => zspage.readUnlock(word)).toThrow(LockMisuse);
    expect(() => zspage.tryWriteLock(word)).toThrow(LockMisuse);
    expect(() => zspage.writeUnlock(word)).toThrow(LockMisuse);
    lock.lock(host.lockBase);
    expect(() => zspage.readLock(word)).toThrow(LockMisuse);
    zspage.tryReadLock(word);
    expect(zspage.tryWriteLock(word)).toBe(false);
    zspage.readUnlock(word);
    expect(zspage.tryWriteLock(word)).toBe(true);
    zspage.writeUnlock(word);
    lock.unlock(host.lockBase);
  });

  it('catches a lock that a call leaves behind', () => {
    const { made, host, lock } = bound();
    lock.lock(host.lockBase);
    expect(() => made.pool.sizeOf(1)).toThrow(LockMisuse);
    lock.unlock(host.lockBase);
  });

  it('catches a lookup while objects move', () => {
    const { made, handle, host, pool } = bound();
    pool.writeLock(host.poolBase);
    expect(() => pool.readLock(host.poolBase)).toThrow(LockMisuse);
    expect(() => made.pool.sizeOf(handle)).toThrow(LockMisuse);
    pool.writeUnlock(host.poolBase);
  });

  it('is itself a strategy of one word per pool, lock and zspage', () => {
    expect(soloStrategy().words).toEqual({ pool: 1, lock: 1, zspage: 1, agent: 0 });
    expect(soloStrategy({ poolLock: false }).words).toEqual({ pool: 0, lock: 1, zspage: 1, agent: 0 });
  });
});
