// Declares that holds may last, and keeps lookups' pool lock while one is open: movers wait for it, and readers behind them.
//
// In kind: a spinlock held across a callback that sleeps.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

export const claimsLongHolds = changed(spinning('claimsLongHolds', { pool: CounterLock }), (bound, host) => {
  const pool = new CounterLock(host.agent);
  return {
    holdBegin: (cell: WordIndex) => {
      const location = bound.holdBegin(cell);
      if (location !== 0) pool.readLock(host.poolBase);
      return location;
    },
    holdEnd: (zspage) => {
      pool.readUnlock(host.poolBase);
      bound.holdEnd(zspage);
    },
  };
});
export const caught: Caught = {
  check: 'hold-open',
  rows: [8],
  words: /other agents while a hold is open: move of another object/,
};
