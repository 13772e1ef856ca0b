// Declares concurrent reads, and makes readers take turns.
//
// In kind: a mutex behind the interface of a reader-writer lock.

import type { TryRwLock } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class OneAtATime extends SpinMutex implements TryRwLock {
  readLock(word: WordIndex): void {
    this.lock(word);
  }

  tryReadLock(word: WordIndex): boolean {
    return this.tryLock(word);
  }

  readUnlock(word: WordIndex): void {
    this.unlock(word);
  }

  tryWriteLock(word: WordIndex): boolean {
    return this.tryLock(word);
  }

  writeUnlock(word: WordIndex): void {
    this.unlock(word);
  }
}

export const claimsSharedReads = spinning('claimsSharedReads', { zspage: OneAtATime });
export const caught: Caught = {
  check: 'two-reads-inside',
  rows: [2],
  words: /concurrentReads is declared, but in none of/,
};
