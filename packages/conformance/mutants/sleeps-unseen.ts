// A waiter decides to sleep, and reads only then the value to sleep on: an unlock in between wakes nobody, and the waiter
// sleeps on "free".
//
// In kind: the check before the enqueue; the reason why futex(2) takes an expected value.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingMutex, SLEEPERS } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class LateValue extends ParkingMutex {
  protected override sleep(word: WordIndex, seen: number): void {
    Atomics.compareExchange(this.words, word, seen, seen | SLEEPERS);
    Atomics.wait(this.words, word, Atomics.load(this.words, word));
  }
}

export const sleepsUnseen = parking('sleepsUnseen', { mutex: LateValue });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [4],
  words: /sleeps on a word of class lock 0 while it is 0, which nobody will change/,
};
