// Locks with planted bugs, which the model tests must reject. Each changes one call of a lock that is right.

import type { LockKind, Mutex, RwLock, TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent } from '@zsmalloc/core/words';

/** The kind, with some calls replaced. */
export function mutate<L extends object>(
  kind: LockKind<L>,
  change: (agent: Agent, lock: L) => Partial<L>,
): LockKind<L> {
  return {
    words: kind.words,
    bind: (agent) => {
      const lock = kind.bind(agent);
      const changed = change(agent, lock);
      return new Proxy(lock, {
        get: (_, name: keyof L & string) => {
          const method = changed[name] ?? lock[name];
          return typeof method === 'function' ? method.bind(lock) : method;
        },
      });
    },
  };
}

export const mutexMutants: Record<string, (agent: Agent, lock: Mutex) => Partial<Mutex>> = {
  'excludes nobody': () => ({ lock: () => {}, unlock: () => {} }),
  'tests and sets in two steps': ({ words, index }, lock) => ({
    lock: (word) => {
      if (Atomics.load(words, word) !== 0) lock.lock(word);
      else Atomics.store(words, word, index);
    },
  }),
  'unlocks by a plain store': ({ words }) => ({
    unlock: (word) => {
      words[word] = 0;
    },
  }),
  'never unlocks': () => ({ unlock: () => {} }),
};

/** For locks whose readers are counted in the word itself, in units of `reader`. */
export const countMutants = (
  reader: number,
): Record<string, (agent: Agent, lock: TryRwLock) => Partial<TryRwLock>> => ({
  'readers do not look at what they found': ({ words }) => ({
    readLock: (word) => void Atomics.add(words, word, reader),
  }),
  'readers count by load and store': ({ words }) => ({
    readLock: (word) => Atomics.store(words, word, Atomics.load(words, word) + reader),
  }),
  'readers forget to count themselves out': () => ({ readUnlock: () => {} }),
  'writers test and set in two steps': ({ words, index }) => ({
    tryWriteLock: (word) => {
      if (Atomics.load(words, word) !== 0) return false;
      Atomics.store(words, word, index);
      return true;
    },
  }),
  'writers do not look for readers': ({ words, index }) => ({
    tryWriteLock: (word) => {
      Atomics.add(words, word, index);
      return true;
    },
  }),
  'writers drop visitors when they unlock': ({ words }) => ({
    writeUnlock: (word) => void Atomics.store(words, word, 0),
  }),
});

export const waitingWriterMutants: Record<string, (agent: Agent, lock: RwLock) => Partial<RwLock>> = {
  'the waiting bit outlives the writer': ({ words, index }) => ({
    writeLock: (word) => {
      Atomics.or(words, word, 1 << 8);
      while (Atomics.compareExchange(words, word, 1 << 8, (1 << 8) | index) !== 1 << 8) pause();
    },
  }),
};

function pause(): void {
  (Atomics as { pause?: () => void }).pause?.();
}
