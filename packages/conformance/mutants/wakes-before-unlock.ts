// The unlock wakes first and unlocks afterwards: the woken agent finds the lock held, and sleeps again for ever.
//
// In kind: signal before the condition is made true.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingMutex } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class WakesFirst extends ParkingMutex {
  override unlock(word: WordIndex): void {
    Atomics.notify(this.words, word, 1);
    Atomics.store(this.words, word, 0);
  }
}

export const wakesBeforeUnlock = parking('wakesBeforeUnlock', { mutex: WakesFirst });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [4],
  words: /an agent sleeps on although it should go on: \w+ sleeps on .* which is 0 now, and nobody will notify it/,
};
