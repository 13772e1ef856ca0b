// A mover waits until readers have left the zspage, holding the class lock all the while: who reads and allocates waits for
// itself.
//
// In kind: the blocking zspage write lock that PATCHv4 14/17 argues against.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Waits extends CounterLock {
  override tryWriteLock(word: WordIndex): boolean {
    for (let round = 0; !super.tryWriteLock(word); round++) backOff(this.agent, round, 'zspage');
    return true;
  }
}

export const moverWaits = spinning('moverWaits', { zspage: Waits });
export const caught: Caught = {
  check: 'tries-counted',
  rows: [3],
  words: /relocateBegin after another agent's writeBegin: threw .* instead of returning false/,
};
