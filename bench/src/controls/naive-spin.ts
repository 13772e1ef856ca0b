// Strategy `naiveSpin`, a control: the locks that the argument warns of. They spin without bound, yield never, and know
// nothing of preempted holders. It shows what the bounded spin and the timed yield of the other strategies are worth, and
// is no part of the library.

import { lockBased } from '@zsmalloc/core/strategy';
import type { Capabilities, LockKind, Mutex, RwLock, Strategy } from '@zsmalloc/core/strategy';
import type { Agent, WordIndex, Words } from '@zsmalloc/core/words';

const WRITER = 1 << 29;

/** Test and test-and-set. */
class NaiveMutex implements Mutex {
  readonly #words: Words;

  constructor({ words }: Agent) {
    this.#words = words;
  }

  lock(word: WordIndex): void {
    // order: acquire, pairs with unlock. The load keeps the line shared while the lock is held.
    while (Atomics.compareExchange(this.#words, word, 0, 1) !== 0) while (Atomics.load(this.#words, word) !== 0);
  }

  tryLock(word: WordIndex): boolean {
    return Atomics.compareExchange(this.#words, word, 0, 1) === 0;
  }

  unlock(word: WordIndex): void {
    // order: release, pairs with lock.
    Atomics.store(this.#words, word, 0);
  }

  isContended(): boolean {
    return false;
  }
}

/** A writer bit and a count of readers. */
class NaiveRwLock implements RwLock {
  readonly #words: Words;

  constructor({ words }: Agent) {
    this.#words = words;
  }

  readLock(word: WordIndex): void {
    while (!this.tryReadLock(word)) while (Atomics.load(this.#words, word) >= WRITER);
  }

  tryReadLock(word: WordIndex): boolean {
    // order: acquire, pairs with writeUnlock.
    if (Atomics.add(this.#words, word, 1) < WRITER) return true;
    Atomics.sub(this.#words, word, 1);
    return false;
  }

  readUnlock(word: WordIndex): void {
    // order: release, pairs with writeLock.
    Atomics.sub(this.#words, word, 1);
  }

  writeLock(word: WordIndex): void {
    while (!this.tryWriteLock(word)) while (Atomics.load(this.#words, word) !== 0);
  }

  tryWriteLock(word: WordIndex): boolean {
    return Atomics.compareExchange(this.#words, word, 0, WRITER) === 0;
  }

  writeUnlock(word: WordIndex): void {
    // order: release, pairs with readLock. Visiting readers keep their counts.
    Atomics.sub(this.#words, word, WRITER);
  }

  isContended(): boolean {
    return false;
  }
}

const mutexes: LockKind<Mutex> = { words: 1, bind: (agent) => new NaiveMutex(agent) };
const rwLocks: LockKind<RwLock> = { words: 1, bind: (agent) => new NaiveRwLock(agent) };

const CAPABILITIES: Capabilities = {
  holdAcrossAwait: false,
  parks: false,
  worksWithoutBlocking: false,
  freeDuringRead: false,
  relocatesBesideReaders: false,
  fairness: 'none',
  robust: false,
};

/** See the head of the file. */
export const naiveSpin: Strategy = lockBased({
  id: 'naiveSpin',
  version: 1,
  capabilities: CAPABILITIES,
  pool: rwLocks,
  structure: mutexes,
  zspage: rwLocks,
});
