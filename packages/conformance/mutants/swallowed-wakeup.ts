// A waiter that was woken takes the lock as if nobody else slept: the wakeups of the others are lost.
//
// In kind: the second mutex of Drepper's "Futexes Are Tricky", with 1 where it says 2.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingMutex } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class ForgetsOthers extends ParkingMutex {
  override lock(word: WordIndex): void {
    for (;;) {
      const seen = Atomics.compareExchange(this.words, word, 0, this.me);
      if (seen === 0) return;
      this.sleep(word, seen);
    }
  }
}

export const swallowedWakeup = parking('swallowedWakeup', {
  mutex: ForgetsOthers,
  capabilities: { worksWithoutBlocking: false },
});
export const caught: Caught = {
  check: 'class-lock-three',
  rows: [4],
  words: /an agent sleeps on although it should go on: \w+ sleeps on .* which is 0 now, and nobody will notify it/,
};
