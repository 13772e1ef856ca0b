// A free that finds no object returns without giving the pool lock back: no mover gets in any more.
//
// In kind: an early return between lock and unlock.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

export const vainLookupKeepsLock = changed(spinning('vainLookupKeepsLock', { pool: CounterLock }), (bound, host) => {
  const pool = new CounterLock(host.agent);
  return {
    lockClassOf: (cell: WordIndex) => {
      pool.readLock(host.poolBase);
      const found = bound.lockClassOf(cell);
      if (found >= 0) pool.readUnlock(host.poolBase);
      return found;
    },
  };
});
export const caught: Caught = {
  check: 'free-beside-free',
  rows: [4],
  words: /movers are still shut out although every agent has ended/,
};
