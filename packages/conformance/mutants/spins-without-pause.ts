// Waiters spin and never yield: with more agents than cores they burn the time slice that the holder needs, and an agent
// that must not block never gives up.
//
// In kind: while (compareExchange(...)); as in most spin locks that are typed from memory.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Endless extends SpinMutex {
  override lock(word: WordIndex): void {
    while (!this.tryLock(word));
  }
}

export const spinsWithoutPause = spinning('spinsWithoutPause', { mutex: Endless });
export const caught: Caught = {
  check: 'refusals-counted',
  rows: [8, 11],
  words: /goes on for ever instead of throwing ERR_ZS_WOULD_BLOCK/,
};
