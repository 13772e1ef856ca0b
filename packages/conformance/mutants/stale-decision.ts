// The unlock decides whether to wake somebody before it has unlocked: who goes to sleep in between is not woken.
//
// In kind: the decision from a stale read; "stale-decision wake" of shared/reference/locks.md D.3.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingMutex, SLEEPERS } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class DecidesEarly extends ParkingMutex {
  override unlock(word: WordIndex): void {
    const seen = Atomics.load(this.words, word);
    Atomics.store(this.words, word, 0);
    if ((seen & SLEEPERS) !== 0) Atomics.notify(this.words, word, 1);
  }
}

export const staleDecision = parking('staleDecision', { mutex: DecidesEarly });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [4],
  words: /an agent sleeps on although it should go on: \w+ sleeps on .* which is 0 now, and nobody will notify it/,
};
