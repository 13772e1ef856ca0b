// Waiters sleep, whether or not their agent may block: on a browser's main thread the call throws a TypeError.
//
// In kind: locks over Atomics.wait that were tried in Node only.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingMutex, SLEEPERS } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class AlwaysSleeps extends ParkingMutex {
  override lock(word: WordIndex): void {
    let take = this.me;
    for (;;) {
      const seen = Atomics.compareExchange(this.words, word, 0, take);
      if (seen === 0) return;
      this.sleep(word, seen);
      take = this.me | SLEEPERS;
    }
  }
}

export const waitsOnMainThread = parking('waitsOnMainThread', { mutex: AlwaysSleeps });
export const caught: Caught = {
  check: 'refusals-counted',
  rows: [8, 11],
  words: /agent\.mayBlock is false, but it called Atomics\.wait/,
};
