// The last reader leaves without waking the writer that waits for it: only writers wake.
//
// In kind: a reader-writer lock made out of a mutex, whose read side stayed as it was.

import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { ParkingRwLock } from './base/parking-locks.ts';
import { READER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class Quiet extends ParkingRwLock {
  override readUnlock(word: WordIndex): void {
    Atomics.sub(this.words, word, READER);
  }
}

export const lastReaderLeavesQuietly = parking('lastReaderLeavesQuietly', { pool: Quiet });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [4],
  words: /moves sleeps on the strategy's pool word 0 while it is \d+, which is \d+ now, and nobody will notify it/,
};
