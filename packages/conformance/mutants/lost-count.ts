// Readers count themselves in by a load and a store: of two that come together one is lost, and a mover gets in beside it.
//
// In kind: the lost update; a plain n++ on a shared word.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock, READER, WRITER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

class LosesCounts extends CounterLock {
  override readLock(word: WordIndex): void {
    let state = Atomics.load(this.words, word);
    for (let round = 0; (state & WRITER) !== 0; round++) {
      backOff(this.agent, round, 'counter lock');
      state = Atomics.load(this.words, word);
    }
    Atomics.store(this.words, word, state + READER);
  }
}

export const lostCount = spinning('lostCount', { zspage: LosesCounts });
export const caught: Caught = {
  check: 'two-reads-beside-move',
  rows: [1, 18],
  words: /cannot end a read although nobody reads/,
};
