// A mover parks until the last reader has left, in a call that must only try.
//
// In kind: a sleeping lock put where the callers hold spinlocks: might_sleep() in atomic context.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingRwLock, SLEEPERS } from './base/parking-locks.ts';
import type { Caught } from './caught.ts';

class Sleeps extends ParkingRwLock {
  override tryWriteLock(word: WordIndex): boolean {
    while (!super.tryWriteLock(word)) {
      const state = Atomics.load(this.words, word);
      if ((state & ~SLEEPERS) !== 0) Atomics.wait(this.words, word, Atomics.or(this.words, word, SLEEPERS) | SLEEPERS);
    }
    return true;
  }
}

export const moverSleeps = parking('moverSleeps', { zspage: Sleeps });
export const caught: Caught = {
  check: 'tries-counted',
  rows: [3],
  words: /relocateBegin after another agent's writeBegin: .*Atomics\.wait on a word of the pool's memory/,
};
