// The lock looks whether it is free, and takes it in a second step: two agents can both find it free.
//
// In kind: any lock of load and store, where a test-and-set is needed.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class TwoSteps extends SpinMutex {
  override lock(word: WordIndex): void {
    for (let round = 0; Atomics.load(this.words, word) !== 0; round++) backOff(this.agent, round, 'mutex');
    Atomics.store(this.words, word, this.me);
  }
}

export const checkThenAct = spinning('checkThenAct', { mutex: TwoSteps });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [1],
  words: /two agents were inside class lock 0 at once/,
};
