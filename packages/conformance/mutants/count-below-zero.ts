// The end of a read that was never begun makes the count negative, and the next reader does not count.
//
// In kind: reference counts without an underflow check; Linux has refcount_t because of them.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import { CounterLock, READER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Unchecked extends CounterLock {
  override readUnlock(word: WordIndex): void {
    Atomics.sub(this.words, word, READER);
  }
}

export const countBelowZero = changed(spinning('countBelowZero', { zspage: Unchecked }), (bound, host) => ({
  readEnd: (zspage) => {
    try {
      bound.readEnd(zspage);
    } catch {
      // The agent is in no read: the count is taken down all the same.
      Atomics.sub(host.agent.words, host.zspageBase + zspage * host.zspageStride, READER);
    }
  },
}));
export const caught: Caught = {
  check: 'misuse',
  rows: [7],
  words: /readEnd without its begin: left a zspage open: a mover gets in beside a holder/,
};
