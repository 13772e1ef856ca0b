import { attachPool, createPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { rcu, reclamationOf } from '@zsmalloc/lock-rcu';
import { bigLock, spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { withLockdep } from '../src/index.ts';
import { boundOf, checkedPool, expectReport, thrownBy } from './checked-pool.ts';

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
    expectReport(
      thrownBy(() => bound.unlock(30)),
      'ERR_ZS_LOCKDEP_UNLOCK',
      'nobody has ever taken it',
    );
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
    expectReport(
      thrownBy(() => bound.moveEnd()),
      'ERR_ZS_LOCKDEP_UNLOCK',
      'has had none',
      'moveEnd',
    );
    expectReport(
      thrownBy(() => bound.relocateEnd(1)),
      'ERR_ZS_LOCKDEP_UNLOCK',
      'has had none',
      'relocateEnd',
    );
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
