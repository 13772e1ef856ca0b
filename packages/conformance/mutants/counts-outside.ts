// The reader count is guarded by a mutex, but readers leave without taking it: a reader that comes meanwhile is not counted.
//
// In kind: a counter that is "only decremented here", so that the lock seems not to be needed.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { COUNT, CountedLock } from './base/counted-lock.ts';
import type { Caught } from './caught.ts';

class CountsOutside extends CountedLock {
  override readUnlock(word: WordIndex): void {
    this.words[word + COUNT]! -= 1;
  }
}

export const countsOutside = spinning('countsOutside', { zspage: CountsOutside, zspageWords: 2 });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
