// A mover looks for other movers only: it gets in beside readers.
//
// In kind: a writer bit that is taken with an `or`, without a look at the rest of the word.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock, WRITER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class OverlooksReaders extends CounterLock {
  override tryWriteLock(word: WordIndex): boolean {
    return (Atomics.or(this.words, word, this.me) & WRITER) === 0;
  }

  override writeUnlock(word: WordIndex): void {
    Atomics.and(this.words, word, ~WRITER);
  }
}

export const moverBesideReader = spinning('moverBesideReader', { zspage: OverlooksReaders });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
