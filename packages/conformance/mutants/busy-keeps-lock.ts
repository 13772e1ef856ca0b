// A mover that finds readers inside gives up without giving back the inner mutex: nobody can read there any more.
//
// In kind: a missing unlock on the failing path; zspage_write_trylock() has exactly this branch.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { COUNT, CountedLock } from './base/counted-lock.ts';
import type { Caught } from './caught.ts';

class KeepsMutex extends CountedLock {
  override tryWriteLock(word: WordIndex): boolean {
    return this.mutex.tryLock(word) && this.words[word + COUNT] === 0;
  }
}

export const busyKeepsLock = spinning('busyKeepsLock', { zspage: KeepsMutex, zspageWords: 2 });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [4],
  words: /agents spin for ever although nothing is in their way: reads spins on the strategy's word of zspage 1/,
};
