// Readers count themselves in first and look afterwards; the writer's unlock stores 0, and wipes out a reader that is about
// to take its count back.
//
// In kind: what shared/reference/locks.md A.3 warns of: subtract the writer, never store 0.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock, READER, WRITER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class StoresZero extends CounterLock {
  override readLock(word: WordIndex): void {
    while ((Atomics.add(this.words, word, READER) & WRITER) !== 0) {
      Atomics.sub(this.words, word, READER);
      for (let round = 0; (Atomics.load(this.words, word) & WRITER) !== 0; round++) backOff(this.agent, round, 'lock');
    }
  }

  override writeUnlock(word: WordIndex): void {
    Atomics.store(this.words, word, 0);
  }
}

export const wipesVisitors = spinning('wipesVisitors', { zspage: StoresZero });
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [18],
  words: /cannot end a read although nobody reads/,
};
