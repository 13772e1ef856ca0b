// Planted bugs: locks that the tests of contention must reject.

import { spinMutex } from '../dist/index.js';

const nothing = () => {};

/** Excludes nobody. */
export const noLock = {
  words: 1,
  bind: () => ({
    lock: nothing,
    unlock: nothing,
    readLock: nothing,
    readUnlock: nothing,
    tryWriteLock: () => true,
    writeLock: nothing,
    writeUnlock: nothing,
  }),
};

/** Excludes readers from each other. */
export const mutexAsRwLock = {
  words: 1,
  bind: (agent) => {
    const mutex = spinMutex.bind(agent);
    return { readLock: (word) => mutex.lock(word), readUnlock: (word) => mutex.unlock(word) };
  },
};
