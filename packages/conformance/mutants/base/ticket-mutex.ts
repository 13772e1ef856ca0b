// A ticket lock whose waiters park: first come, first served.
//
// STATE   bits 0-7 owner   bits 8-18 ticket that is served   bits 19-29 next ticket; free when they are the same
//
// RULES
//   1. An agent that may not block draws no ticket, since it might have to leave it: it tries.
//   2. Each change of the word wakes all: only one of them has the ticket that is served.

import type { Mutex } from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { Agent, WordIndex } from '@zsmalloc/core/words';
import { misused } from './misuse.ts';

const OWNER = 0xff;
const SERVED_SHIFT = 8;
const NEXT_SHIFT = 19;
const TICKET = 0x7ff;

const servedIn = (state: number): number => (state >>> SERVED_SHIFT) & TICKET;
const nextIn = (state: number): number => (state >>> NEXT_SHIFT) & TICKET;
const stateOf = (owner: number, served: number, next: number): number =>
  owner | ((served & TICKET) << SERVED_SHIFT) | ((next & TICKET) << NEXT_SHIFT);

/** See the head of the file. */
export class TicketMutex implements Mutex {
  protected readonly agent: Agent;

  constructor(agent: Agent) {
    this.agent = agent;
  }

  lock(word: WordIndex): void {
    const { words, index } = this.agent;
    // order: relaxed, no partner. A refusal.
    if ((Atomics.load(words, word) & OWNER) === index) throw misused('lock again what this agent holds', word, index);
    if (this.agent.mayBlock) this.queue(word);
    else for (let round = 0; !this.tryLock(word); round++) backOff(this.agent, round, 'ticket lock');
  }

  tryLock(word: WordIndex): boolean {
    const { words, index } = this.agent;
    // order: relaxed, no partner. The compare-exchange decides.
    const state = Atomics.load(words, word);
    if (servedIn(state) !== nextIn(state)) return false;
    const taken = stateOf(index, servedIn(state), nextIn(state) + 1);
    // order: acquire, pairs with unlock.
    return Atomics.compareExchange(words, word, state, taken) === state;
  }

  unlock(word: WordIndex): void {
    const { words, index } = this.agent;
    for (;;) {
      // order: relaxed, no partner. The compare-exchange decides; others draw tickets meanwhile.
      const state = Atomics.load(words, word);
      if ((state & OWNER) !== index) throw misused('unlock what this agent does not hold', word, index);
      const left = stateOf(0, servedIn(state) + 1, nextIn(state));
      // order: release, pairs with lock and tryLock.
      if (Atomics.compareExchange(words, word, state, left) !== state) continue;
      Atomics.notify(words, word);
      return;
    }
  }

  isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    const state = Atomics.load(this.agent.words, word);
    return ((nextIn(state) - servedIn(state)) & TICKET) > 1;
  }

  /** Draws a ticket and waits until it is served. */
  protected queue(word: WordIndex): void {
    const { words, index } = this.agent;
    let state = this.draw(word);
    const mine = nextIn(state);
    for (let round = 0; servedIn(state) !== mine; round++) {
      this.wait(word, state, round);
      // order: acquire, pairs with unlock.
      state = Atomics.load(words, word);
    }
    // order: acquire, pairs with unlock. Adds, since others draw tickets: there is no owner in the word.
    Atomics.add(words, word, index);
  }

  protected wait(word: WordIndex, state: number, _round: number): void {
    // Returns at once when the word is another one by now, be it for a ticket that was drawn.
    Atomics.wait(this.agent.words, word, state);
  }

  /** The word before a ticket was drawn from it. */
  private draw(word: WordIndex): number {
    const { words } = this.agent;
    for (;;) {
      // order: relaxed, no partner. The compare-exchange decides.
      const state = Atomics.load(words, word);
      const drawn = stateOf(state & OWNER, servedIn(state), nextIn(state) + 1);
      // order: acquire, pairs with unlock, when the ticket is served at once.
      if (Atomics.compareExchange(words, word, state, drawn) === state) return state;
    }
  }
}
