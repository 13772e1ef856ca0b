// A mover's try that fails has added its number to the word, and leaves it there: the zspage stays shut.
//
// In kind: fetch-add locks whose failing path forgets to subtract.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class LeavesTrace extends CounterLock {
  override tryWriteLock(word: WordIndex): boolean {
    return Atomics.add(this.words, word, this.me) === 0;
  }
}

export const failedTryStays = spinning('failedTryStays', { zspage: LeavesTrace });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [4],
  words: /zspage 1 is still shut to movers although every agent has ended/,
};
