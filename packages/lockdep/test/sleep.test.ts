import { attachPool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { preemptible } from '@zsmalloc/lock-custom';
import { rcu, rcuSynchronize } from '@zsmalloc/lock-rcu';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { withLockdep } from '../src/index.ts';
import { boundOf, checkedPool, expectReport, thrownBy } from './checked-pool.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));

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
    expectReport(
      thrownBy(() => Atomics.wait(nobody, 0, 0)),
      'ERR_ZS_LOCKDEP_SLEEP',
      'class lock 2',
      'the wait',
    );
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
    expectReport(
      thrownBy(() => lying.sizeOf(one)),
      'ERR_ZS_LOCKDEP_SLEEP',
      'does not park',
      'the wait',
    );
    const parking = checkedPool(parksAt('parking', true));
    const two = parking.malloc(10);
    expect(thrownBy(() => parking.sizeOf(two)).code).toBe('ERR_ZS_BAD_HANDLE');
    await expect(parking.readIntoAsync(two, new Uint8Array(10))).rejects.toThrowError(
      /must not block[\s\S]*LOCKDEP_SLEEP/,
    );
  });

  it('reports a strategy on an agent that may not block when it does not work there', async () => {
    const strategy = { ...spin, id: 'blocker', capabilities: { ...spin.capabilities, worksWithoutBlocking: false } };
    const pool = checkedPool(strategy as unknown as Strategy);
    const handle = pool.malloc(10);
    await expect(pool.readIntoAsync(handle, new Uint8Array(10))).rejects.toThrowError(/must not block[\s\S]*SLEEP/);
    pool.detach();
  });
});
