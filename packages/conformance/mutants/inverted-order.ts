// A free takes the class lock first and the pool lock inside; a mover takes them the other way round.
//
// In kind: AB-BA; page lock, pool, class, zspage is the order at the top of Linux mm/zsmalloc.c.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

export const invertedOrder = changed(spinning('invertedOrder', { pool: CounterLock }), (bound, host) => {
  const pool = new CounterLock(host.agent);
  return {
    lockClassOf: (cell: WordIndex) => {
      const { words } = host.agent;
      const hint = Atomics.load(words, cell);
      if (!host.isLocation(hint)) return -1;
      const classIndex = host.classOf(hint);
      bound.lock(classIndex);
      pool.readLock(host.poolBase);
      const isThere = host.isLocation(Atomics.load(words, cell));
      pool.readUnlock(host.poolBase);
      if (isThere) return classIndex;
      bound.unlock(classIndex);
      return -1;
    },
  };
});
export const caught: Caught = {
  check: 'free-beside-move',
  rows: [4],
  words: /frees spins on the strategy's pool word 0; moves spins on a word of class lock 0/,
};
