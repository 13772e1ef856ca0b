// Locking again what one has is not noticed: the agent waits for itself.
//
// In kind: any plain spinlock; lockdep exists for it.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { SpinMutex } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Forgetful extends SpinMutex {
  override lock(word: WordIndex): void {
    for (let round = 0; !this.tryLock(word); round++) {
      if (this.agent.mayBlock) backOff({ ...this.agent, mayBlock: true }, round, 'mutex');
      else backOff(this.agent, round, 'mutex');
    }
  }
}

export const waitsForItself = spinning('waitsForItself', { mutex: Forgetful });
export const caught: Caught = { check: 'misuse', rows: [7], words: /waits for itself for ever/ };
