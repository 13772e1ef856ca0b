// Fresh memory means "locked": the free state is 1, and nobody ever writes it.
//
// In kind: semaphores that count down from 1, in memory that starts with zeros.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

const FREE = 0x100;

class CountsDown extends SpinMutex {
  override lock(word: WordIndex): void {
    for (let round = 0; !this.tryLock(word); round++) backOff(this.agent, round, 'semaphore');
  }

  override tryLock(word: WordIndex): boolean {
    return Atomics.compareExchange(this.words, word, FREE, this.me) === FREE;
  }

  override unlock(word: WordIndex): void {
    Atomics.store(this.words, word, FREE);
  }
}

export const zeroIsLocked = spinning('zeroIsLocked', { mutex: CountsDown });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [4],
  words: /one spins on a word of class lock 0; two spins on a word of class lock 0/,
};
