// The writer gives the inner mutex back first, and takes its mark out of the reader count afterwards: a reader that has
// counted itself in between is wiped out.
//
// In kind: unlock order in a lock of two parts.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { COUNT, CountedLock } from './base/counted-lock.ts';
import type { Caught } from './caught.ts';

class WrongOrder extends CountedLock {
  override writeUnlock(word: WordIndex): void {
    this.mutex.unlock(word);
    Atomics.store(this.words, word + COUNT, 0);
  }
}

export const unlocksTooSoon = spinning('unlocksTooSoon', { zspage: WrongOrder, zspageWords: 2 });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
