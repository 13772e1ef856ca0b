// Every strategy under lockdep, by the name of the strategy: what workers of the stress test import.

import * as custom from '@zsmalloc/lock-custom';
import * as rcus from '@zsmalloc/lock-rcu';
import * as rwsems from '@zsmalloc/lock-rwsem';
import * as spins from '@zsmalloc/lock-spin';
import { withLockdep } from '@zsmalloc/lockdep';

export const bigLock = withLockdep(spins.bigLock);
export const spin = withLockdep(spins.spin);
export const preemptible = withLockdep(custom.preemptible);
export const preemptibleAtomic = withLockdep(custom.preemptibleAtomic);
export const preemptibleDirect = withLockdep(custom.preemptibleDirect);
export const bigReader = withLockdep(custom.bigReader);
export const rwsem = withLockdep(rwsems.rwsem);
export const rcu = withLockdep(rcus.rcu);
export const rcuTurn = withLockdep(rcus.rcuTurn);
export const rcuSynchronize = withLockdep(rcus.rcuSynchronize);

/** A planted bug, as a wrong core would have it: movers take the pool lock after the class lock. */
export const poolLockLast = {
  ...spin,
  id: 'poolLockLast',
  bind: (host) => {
    const bound = spin.bind(host);
    const { lock, moveEnd } = bound;
    let isMoving = false;
    let isShut = false;
    return Object.assign(bound, {
      moveBegin: () => {
        isMoving = true;
      },
      lock: (index) => {
        lock.call(bound, index);
        if (!isMoving || isShut) return;
        try {
          Object.getPrototypeOf(bound).moveBegin.call(bound);
        } catch (error) {
          bound.unlock(index);
          throw error;
        }
        isShut = true;
      },
      moveEnd: () => {
        isMoving = false;
        if (!isShut) return;
        isShut = false;
        moveEnd.call(bound);
      },
    });
  },
};
