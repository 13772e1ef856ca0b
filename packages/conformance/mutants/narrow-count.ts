// The reader count has five bits: the thirty-second reader carries into the bits above, and shuts the zspage, or opens it.
//
// In kind: packed lock words; rwlocks whose reader count runs into the writer's bit.

import type { WordIndex } from '@zsmalloc/core/words';
import { backOff } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import { CounterLock, WRITER } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

const READER = 1 << 10;
const COUNTED = 0x1f * READER;

class Narrow extends CounterLock {
  override readLock(word: WordIndex): void {
    for (let round = 0; ; round++) {
      const state = Atomics.load(this.words, word);
      if ((state & WRITER) !== 0) backOff(this.agent, round, 'counter lock');
      else if (Atomics.compareExchange(this.words, word, state, (state + READER) & COUNTED) === state) return;
    }
  }
}

export const narrowCount = spinning('narrowCount', { zspage: Narrow });
export const caught: Caught = {
  check: 'many-holds',
  rows: [1],
  words: /with 32 holds open, a mover gets in beside them/,
};
