// The unlock is a plain store: nothing orders the section's writes before it.
//
// In kind: spin_unlock of x86 is a plain store, which is right there and nowhere in the ECMAScript memory model.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class PlainUnlock extends SpinMutex {
  override unlock(word: WordIndex): void {
    this.words[word] = 0;
  }
}

export const plainUnlock = spinning('plainUnlock', { mutex: PlainUnlock });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [1],
  words: /unordered with: one writes a word of class lock 0/,
};
