// A mover takes the pool lock for reading, like a lookup: lookups go on while cells change.
//
// In kind: pool->migrate_lock of zsmalloc taken on the wrong side.

import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class AlwaysShared extends CounterLock {
  override writeLock(word: WordIndex): void {
    this.readLock(word);
  }

  override writeUnlock(word: WordIndex): void {
    this.readUnlock(word);
  }
}

export const lookupsBesideMoves = spinning('lookupsBesideMoves', { pool: AlwaysShared });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /a reader sees 0 in the object of cell 1/,
};
