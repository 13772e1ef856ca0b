// Anybody may unlock: the unlock does not look who holds the lock.
//
// In kind: a mutex whose word is a flag, and names no owner.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Ownerless extends SpinMutex {
  override unlock(word: WordIndex): void {
    Atomics.store(this.words, word, 0);
  }
}

export const strangerUnlocks = spinning('strangerUnlocks', { mutex: Ownerless });
export const caught: Caught = {
  check: 'misuse',
  rows: [7],
  words: /unlock of a class lock that another agent has locked: let a second agent into/,
};
