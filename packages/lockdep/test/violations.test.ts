import { attachPool, createPool } from '@zsmalloc/core';
import type { HoldingPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { ZsmallocError } from '@zsmalloc/core/words';
import { preemptible } from '@zsmalloc/lock-custom';
import { rcu, rcuSynchronize, reclamationOf } from '@zsmalloc/lock-rcu';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { bigLock, spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { withLockdep } from '../src/index.ts';
import { boundOf, checkedPool, expectReport, thrownBy, turn } from './checked-pool.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));

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
    expectReport(thrownBy(readsUnderIt), 'ERR_ZS_LOCKDEP_ORDER', 'pool lock', 'class lock 5', 'locksClass', 'readsUnderIt');
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
      'upward violations.test',
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
    expectReport(thrownBy(() => bound.lock(3)), 'ERR_ZS_LOCKDEP_ORDER', 'held the class lock 3', 'taken by tryLock');
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

describe('sleeping', () => {
  it.each([spin, rcu])('reports Atomics.wait inside of a read: $id', (strategy) => {
    const pool = checkedPool(strategy);
    const handle = pool.malloc(10);
    const sleeps = (): void => {
      Atomics.wait(nobody, 0, 0, 5);
    };
    const error = thrownBy(function readsAndSleeps() {
      pool.read(handle, sleeps);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_SLEEP', 'for 5 ms', 'readBegin at', 'readsAndSleeps', 'the wait', 'sleeps');
    pool.detach();
  });

  it.each([preemptible, rwsem])('lets a reader sleep where the strategy does: $id', (strategy) => {
    const pool = checkedPool(strategy);
    const handle = pool.malloc(10);
    expect(pool.read(handle, () => Atomics.wait(nobody, 0, 0, 5))).toBe('timed-out');
    pool.detach();
  });

  it('reports Atomics.wait under a class lock that spins, and lets a yield pass', () => {
    const pool = checkedPool(preemptible);
    const bound = boundOf(pool);
    bound.lock(2);
    Atomics.wait(nobody, 0, 0, 0.1);
    expectReport(thrownBy(() => Atomics.wait(nobody, 0, 0)), 'ERR_ZS_LOCKDEP_SLEEP', 'class lock 2', 'the wait');
    bound.unlock(2);
    pool.detach();
  });

  it('reports a parking lock inside of a spinning one, across two pools', () => {
    const spinning = checkedPool(spin);
    const parking = checkedPool(rwsem);
    const handle = spinning.malloc(10);
    const parks = (): void => {
      parking.malloc(10);
    };
    const error = thrownBy(function readsOuter() {
      spinning.read(handle, parks);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_SLEEP', '"rwsem" may sleep', 'zspage lock of a reader', 'readsOuter', 'parks');
    // The other way round is right: a spinning lock inside of one that sleeps.
    const other = parking.malloc(10);
    expect(parking.read(other, () => spinning.sizeOf(handle))).toBe(10);
    spinning.detach();
    parking.detach();
  });

  it('reports a wait for a grace period while a lock is held that readers may need', () => {
    const pool = checkedPool(rcu);
    const bound = boundOf(pool);
    (function locks(): void {
      bound.lock(2);
    })();
    const error = thrownBy(function reclaims() {
      bound.reclaim(true);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_SLEEP', 'class lock 2', 'locks', 'reclaims');
    bound.unlock(2);
    pool.detach();
  });

  it('reports a wait for a grace period that this very thread keeps from ending', () => {
    const one = checkedPool(rcuSynchronize);
    const two = attachPool(one.descriptor(), { strategies: [withLockdep(rcuSynchronize)] });
    const handle = one.malloc(10);
    const error = thrownBy(function pins() {
      one.read(handle, function reclaims() {
        boundOf(two).reclaim(true);
      });
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_SLEEP', 'agent 1 holds', 'pins', 'the call', 'reclaims');
    two.detach();
    one.detach();
  });

  it('reports a strategy that parks though it says that it does not, or though its agent must not', async () => {
    const parksAt = (id: string, parks: boolean): Strategy => ({
      ...spin,
      id,
      capabilities: { ...spin.capabilities, parks },
      bind: (host) =>
        Object.assign(spin.bind(host), {
          readBegin: () => {
            Atomics.wait(nobody, 0, 0, 20);
            return 0;
          },
        }),
    });
    const lying = checkedPool(parksAt('lying', false));
    const one = lying.malloc(10);
    expectReport(thrownBy(() => lying.sizeOf(one)), 'ERR_ZS_LOCKDEP_SLEEP', 'does not park', 'the wait');
    const parking = checkedPool(parksAt('parking', true));
    const two = parking.malloc(10);
    expect(thrownBy(() => parking.sizeOf(two)).code).toBe('ERR_ZS_BAD_HANDLE');
    await expect(parking.readIntoAsync(two, new Uint8Array(10))).rejects.toThrowError(/must not block[\s\S]*LOCKDEP_SLEEP/);
  });

  it('reports a strategy on an agent that may not block when it does not work there', async () => {
    const strategy = { ...spin, id: 'blocker', capabilities: { ...spin.capabilities, worksWithoutBlocking: false } };
    const pool = checkedPool(strategy as unknown as Strategy);
    const handle = pool.malloc(10);
    await expect(pool.readIntoAsync(handle, new Uint8Array(10))).rejects.toThrowError(/must not block[\s\S]*SLEEP/);
    pool.detach();
  });
});

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
    const pool = checkedPool(spin, { report, stacksPerTurn: Infinity });
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
    const pool = checkedPool(spin, { report, stacksPerTurn: 2 });
    const handle = pool.malloc(10);
    for (let i = 0; i < 100; i++) pool.sizeOf(handle);
    const offset = pool.readBegin(handle);
    await turn();
    expectReport(found[0], 'ERR_ZS_LOCKDEP_TURN', 'first seen at (raise stacksPerTurn');
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

  it('is asked once a turn, and costs an agent that has none nothing', () => {
    const checks: (() => void)[] = [];
    const pool = checkedPool(spin, { atEndOfTurn: (check) => void checks.push(check) });
    for (let i = 0; i < 1000; i++) pool.free(pool.malloc(10));
    expect(checks).toHaveLength(1);
    checks[0]();
    pool.free(pool.malloc(10));
    expect(checks).toHaveLength(2);
    pool.detach();
  });
});

describe('giving back', () => {
  it('reports the unlock of what another agent holds, naming where it was taken', () => {
    const one = checkedPool(spin);
    const two = attachPool(one.descriptor(), { strategies: [withLockdep(spin)] });
    (function owns(): void {
      boundOf(one).lock(7);
    })();
    const error = thrownBy(function steals() {
      boundOf(two).unlock(7);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_UNLOCK', 'agent 2 does not', 'agent 1 holds', 'owns', 'the call', 'steals');
    boundOf(one).unlock(7);
    two.detach();
    one.detach();
  });

  it('reports a second unlock, naming where the lock was taken last', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    (function locks(): void {
      bound.lock(7);
    })();
    bound.unlock(7);
    const error = thrownBy(function unlocksAgain() {
      bound.unlock(7);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_UNLOCK', 'agent 1 took', 'has unlocked it', 'locks', 'unlocksAgain');
    expectReport(thrownBy(() => bound.unlock(30)), 'ERR_ZS_LOCKDEP_UNLOCK', 'nobody has ever taken it');
    pool.detach();
  });

  it('reports a second readEnd, and one of a read that another agent of the thread has open', () => {
    const one = checkedPool(spin);
    const two = attachPool(one.descriptor(), { strategies: [withLockdep(spin)] });
    const handle = one.malloc(10);
    (function readsOnce(): void {
      one.sizeOf(handle);
    })();
    const again = (): void => {
      boundOf(one).readEnd(1);
    };
    expectReport(thrownBy(again), 'ERR_ZS_LOCKDEP_UNLOCK', 'readEnd', 'has ended', 'readsOnce', 'again');
    const offset = (function opens(): number {
      return one.readBegin(handle);
    })();
    const zspage = 1;
    const error = thrownBy(function ends() {
      boundOf(two).readEnd(zspage);
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_UNLOCK', 'agent 2 does not', 'agent 1 of this thread', 'opens', 'ends');
    one.readEnd(offset);
    two.detach();
    one.detach();
  });

  it('reports the end of a move and of a relocation that has not begun', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    expectReport(thrownBy(() => bound.moveEnd()), 'ERR_ZS_LOCKDEP_UNLOCK', 'has had none', 'moveEnd');
    expectReport(thrownBy(() => bound.relocateEnd(1)), 'ERR_ZS_LOCKDEP_UNLOCK', 'has had none', 'relocateEnd');
    pool.detach();
  });

  it('reports what is changed without the class lock', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    pool.malloc(10);
    for (const call of [
      () => bound.relocateBegin(1),
      () => bound.publish(1, 1),
      () => bound.retireObject(1, 1),
      () => bound.retirePlace(1),
      () => bound.retirePage(1),
    ]) {
      expectReport(thrownBy(call), 'ERR_ZS_LOCKDEP_UNHELD', 'holds no class lock', 'agent 1 took the class lock');
    }
    pool.detach();
  });

  it('reports what is held at detach, with the place of each', () => {
    const pool = checkedPool(spin);
    const bound = boundOf(pool);
    (function leaksOne(): void {
      bound.moveBegin();
    })();
    (function leaksTwo(): void {
      bound.lock(2);
    })();
    const error = thrownBy(function detaches() {
      pool.detach();
    });
    expectReport(error, 'ERR_ZS_LOCKDEP_LEAK', 'holds 2 locks', 'pool lock', 'leaksOne', 'leaksTwo', 'detaches');
    bound.unlock(2);
    bound.moveEnd();
    pool.detach();
  });
});

describe('the decorated strategy', () => {
  it('has the capabilities of the strategy, and shares no pool with agents that run without lockdep', () => {
    const checked = withLockdep(spin);
    expect(checked.capabilities).toBe(spin.capabilities);
    expect(checked.id).toBe('lockdep(spin)');
    const pool = createPool({ bytes: 2 ** 20, strategy: checked });
    const plain = createPool({ bytes: 2 ** 20, strategy: spin });
    const code = 'ERR_ZS_ATTACH_STRATEGY';
    expect(thrownBy(() => attachPool(pool.descriptor(), { strategies: [spin] })).code).toBe(code);
    expect(thrownBy(() => attachPool(plain.descriptor(), { strategies: [checked] })).code).toBe(code);
    expect(thrownBy(() => attachPool(pool.descriptor(), { strategies: [withLockdep(rcu)] })).code).toBe(code);
    attachPool(pool.descriptor(), { strategies: [withLockdep(bigLock), withLockdep(spin)] }).detach();
    pool.detach();
    plain.detach();
  });

  it('lets a lock package find its own side of the pool', () => {
    const pool = checkedPool(rcu);
    expect(reclamationOf(pool).stats().laggards).toEqual([]);
    expect(strategyOf(pool)).not.toBe(boundOf(pool));
    pool.detach();
    expect(thrownBy(() => strategyOf(pool).detach()).code).toBe('ERR_ZS_DETACHED');
  });
});

function locksOf(pool: ReturnType<typeof checkedPool>): { pagesLock: number } {
  return { pagesLock: pool.classes().length + 1 };
}
