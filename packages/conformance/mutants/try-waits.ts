// tryLock tries a thousand times before it says no.
//
// In kind: try calls that spin "a little", so that callers which have something better to do wait all the same.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Stubborn extends SpinMutex {
  override tryLock(word: WordIndex): boolean {
    for (let tries = 0; tries < 10_000; tries++) if (super.tryLock(word)) return true;
    return false;
  }
}

export const tryWaits = spinning('tryWaits', { mutex: Stubborn });
export const caught: Caught = {
  check: 'tries-counted',
  rows: [3],
  words: /tryLock of class lock 0.* did not return within/,
};
