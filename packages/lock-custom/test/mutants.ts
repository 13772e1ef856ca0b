// Planted bugs for the lock of a spin mutex and a counter, which the model tests must reject.

import type { TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent } from '@zsmalloc/core/words';
import { spinMutex } from '@zsmalloc/lock-spin';

const COUNTER = 1;

export const mutexMutants: Record<string, (agent: Agent, lock: TryRwLock) => Partial<TryRwLock>> = {
  'readers count without the mutex': ({ words }) => ({
    readLock: (word) => {
      words[word + COUNTER]++;
    },
  }),
  'writers do not look for readers': (agent) => ({
    tryWriteLock: (word) => spinMutex.bind(agent).tryLock(word),
    writeUnlock: (word) => spinMutex.bind(agent).unlock(word),
  }),
  'writers give the mutex back at once': (agent, lock) => ({
    tryWriteLock: (word) => {
      if (!lock.tryWriteLock(word)) return false;
      spinMutex.bind(agent).unlock(word);
      return true;
    },
    writeUnlock: (word) => {
      agent.words[word + COUNTER] = 0;
    },
  }),
  'writers keep the mutex when they give up': ({ words }, lock) => ({
    tryWriteLock: (word) => {
      if (lock.tryWriteLock(word)) return true;
      Atomics.compareExchange(words, word, 0, 9);
      return false;
    },
  }),
};
