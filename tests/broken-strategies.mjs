// Planted bugs: strategies that the tests must reject. Each changes one thing of a strategy that is right.

import { lockBased } from '@zsmalloc/core/strategy';
import { preemptibleAtomicLock, preemptibleDirect } from '@zsmalloc/lock-custom';
import { spin, spinMutex, spinRwLock } from '@zsmalloc/lock-spin';

const nothing = () => {};

/** `spin` with another zspage lock. */
function withZspageLock(id, zspage) {
  return lockBased({ id, version: 1, capabilities: spin.capabilities, pool: spinRwLock, structure: spinMutex, zspage });
}

/** Movers move objects under readers, and readers read under movers. */
export const noZspageLock = withZspageLock('noZspageLock', {
  words: 1,
  bind: () => ({
    readLock: nothing,
    tryReadLock: () => true,
    readUnlock: nothing,
    tryWriteLock: () => true,
    writeUnlock: nothing,
  }),
});

/** A mover gets in beside a reader; readers still wait for movers. */
export const moverBesideReader = withZspageLock('moverBesideReader', {
  words: 1,
  bind: (agent) => {
    const lock = spinRwLock.bind(agent);
    const { words } = agent;
    return {
      readLock: (word) => lock.readLock(word),
      tryReadLock: (word) => lock.tryReadLock(word),
      readUnlock: (word) => lock.readUnlock(word),
      tryWriteLock: (word) => {
        Atomics.add(words, word, agent.index);
        return true;
      },
      writeUnlock: (word) => void Atomics.sub(words, word, agent.index),
    };
  },
});

/** Class locks that exclude nobody. */
export const noClassLock = lockBased({
  id: 'noClassLock',
  version: 1,
  capabilities: spin.capabilities,
  pool: spinRwLock,
  structure: {
    words: 1,
    bind: () => ({ lock: nothing, tryLock: () => true, unlock: nothing, isContended: () => false }),
  },
  zspage: spinRwLock,
});

/** `preemptibleDirect` with some calls replaced. */
function changed(id, change) {
  return { ...preemptibleDirect, id, bind: (host) => Object.assign(preemptibleDirect.bind(host), change(host)) };
}

/** A read that trusts its hint: it does not look at the cell again once it has the zspage. */
export const noSecondLook = changed('noSecondLook', (host) => {
  const { words } = host.agent;
  const lock = preemptibleAtomicLock.bind(host.agent);
  return {
    readBegin: (cell) => {
      const location = Atomics.load(words, cell);
      if (!host.isLocation(location)) return 0;
      const word = host.zspageBase + host.zspageOf(location) * host.zspageStride;
      host.reads.enter(word);
      lock.readLock(word);
      host.reads.entered(word);
      return location;
    },
  };
});

/** Looks whether a zspage is busy, and does not keep readers out while it moves. */
export const looksAndLetsGo = changed('looksAndLetsGo', (host) => {
  const lock = preemptibleAtomicLock.bind(host.agent);
  return {
    relocateBegin: (zspage) => {
      const word = host.zspageBase + zspage * host.zspageStride;
      if (!lock.tryWriteLock(word)) return false;
      lock.writeUnlock(word);
      return true;
    },
    relocateEnd: nothing,
  };
});
