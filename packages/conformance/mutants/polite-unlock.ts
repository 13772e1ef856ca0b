// unlock sleeps for a moment, so that somebody else gets a chance.
//
// In kind: sched_yield() in unlock, as a cure for unfairness.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));

class Polite extends SpinMutex {
  override unlock(word: WordIndex): void {
    super.unlock(word);
    Atomics.wait(nobody, 0, 0, 0.05);
  }
}

export const politeUnlock = spinning('politeUnlock', { mutex: Polite });
export const caught: Caught = {
  check: 'tries-counted',
  rows: [3],
  words: /malloc waited although nothing is in its way/,
};
