// "Somebody reads" is a flag and not a count: the first reader that leaves clears it for all.
//
// In kind: the readers' flag of locktorture itself, a plain bool until it became an atomic counter.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock, READER, WRITER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class ReaderFlag extends CounterLock {
  override readLock(word: WordIndex): void {
    for (let round = 0; ; round++) {
      const state = Atomics.load(this.words, word);
      if ((state & WRITER) !== 0) backOff(this.agent, round, 'flag lock');
      else if (Atomics.compareExchange(this.words, word, state, READER) === state) return;
    }
  }

  override readUnlock(word: WordIndex): void {
    Atomics.and(this.words, word, ~READER);
  }
}

export const readerFlag = spinning('readerFlag', { zspage: ReaderFlag });
export const caught: Caught = {
  check: 'two-reads-beside-move',
  rows: [1, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
