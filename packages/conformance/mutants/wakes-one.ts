// Readers and writers sleep on one word, and an unlock wakes one of them: it may be one that cannot go on, and the others
// sleep although they could.
//
// In kind: notify() for notifyAll() in a monitor with two conditions.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingRwLock, SLEEPERS } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class WakesOne extends ParkingRwLock {
  protected override wakeAll(word: WordIndex): void {
    Atomics.and(this.words, word, ~SLEEPERS);
    Atomics.notify(this.words, word, 1);
  }
}

export const wakesOne = parking('wakesOne', { pool: WakesOne });
export const caught: Caught = {
  check: 'two-reads-beside-move',
  rows: [4],
  words: /an agent sleeps on although it should go on: \w+ sleeps on .* which is 0 now, and nobody will notify it/,
};
