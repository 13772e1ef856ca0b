// A ticket lock whose waiter gives up when it must not block, and leaves its ticket: nobody serves the ones behind it.
//
// In kind: queue locks with a try-with-timeout bolted on.

import type { Mutex } from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { Agent, WordIndex } from '@zsmalloc/core/words';
import { misused } from './base/misuse.ts';
import type { Caught } from './caught.ts';
import { spinning } from './base/build.ts';

/** STATE   bits 0-7 owner   bits 8-18 served   bits 19-29 next; in one word, since the base has one. */
const SERVED = 1 << 8;
const NEXT = 1 << 19;
const MASK = 0x7ff;

class Tickets implements Mutex {
  private readonly agent: Agent;

  constructor(agent: Agent) {
    this.agent = agent;
  }

  lock(word: WordIndex): void {
    const { words, index } = this.agent;
    let state = Atomics.add(words, word, NEXT);
    if ((state & 0xff) === index) throw misused('lock again what this agent holds', word, index);
    const mine = (state >>> 19) & MASK;
    for (let round = 0; ((state >>> 8) & MASK) !== mine; round++) {
      backOff(this.agent, round, 'ticket lock');
      state = Atomics.load(words, word);
    }
    Atomics.or(words, word, index);
  }

  tryLock(word: WordIndex): boolean {
    const { words, index } = this.agent;
    const state = Atomics.load(words, word);
    if (((state >>> 8) & MASK) !== ((state >>> 19) & MASK)) return false;
    return Atomics.compareExchange(words, word, state, (state + NEXT) | index) === state;
  }

  unlock(word: WordIndex): void {
    const { words, index } = this.agent;
    const state = Atomics.load(words, word);
    if ((state & 0xff) !== index) throw misused('unlock what this agent does not hold', word, index);
    Atomics.add(words, word, SERVED - index);
  }

  isContended(): boolean {
    return false;
  }
}

export const abandonedTicket = spinning('abandonedTicket', { mutex: Tickets });
export const caught: Caught = {
  check: 'refusals-counted',
  rows: [11],
  words: /after an agent gave up waited|by an agent that gave up/,
};
