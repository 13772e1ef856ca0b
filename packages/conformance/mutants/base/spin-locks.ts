// Spin locks without frills: a test-and-set mutex, and a counter with readers that wait and writers that try.
//
// STATE of a mutex       owner's number, or 0
// STATE of a counter     bits 0-7 writer   bits 10-29 readers; never both
//
// RULES
//   1. Waiting is core's `backOff`: a bounded spin, then a timed yield; or giving up, where the agent may not block.
//   2. The word names who holds it exclusively, so that unlocks by others are found.

import type { Mutex, RwLock } from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { misused } from './misuse.ts';

/** What all locks of an agent know. */
abstract class AgentsLock {
  protected readonly agent: Agent;
  protected readonly words: Words;
  protected readonly me: AgentIndex;

  constructor(agent: Agent) {
    this.agent = agent;
    this.words = agent.words;
    this.me = agent.index;
  }
}

/** Exclusive lock. */
export class SpinMutex extends AgentsLock implements Mutex {
  lock(word: WordIndex): void {
    for (let round = 0; ; round++) {
      // order: acquire, pairs with unlock. What the last holder changed is visible from here on.
      const seen = Atomics.compareExchange(this.words, word, 0, this.me);
      if (seen === 0) return;
      if (seen === this.me) throw misused('lock again what this agent holds', word, this.me);
      backOff(this.agent, round, 'spin mutex');
    }
  }

  tryLock(word: WordIndex): boolean {
    // order: acquire, pairs with unlock. As in lock.
    return Atomics.compareExchange(this.words, word, 0, this.me) === 0;
  }

  unlock(word: WordIndex): void {
    // order: release, pairs with lock and tryLock.
    if (Atomics.compareExchange(this.words, word, this.me, 0) !== this.me) {
      throw misused('unlock what this agent does not hold', word, this.me);
    }
  }

  isContended(_word: WordIndex): boolean {
    return false;
  }
}

export const WRITER = 0xff;
export const READER: number = 1 << 10;

/** Reader-writer lock. As a zspage's lock its writers only try; as a pool's they wait too. */
export class CounterLock extends AgentsLock implements RwLock {
  readLock(word: WordIndex): void {
    for (let round = 0; ; round++) {
      // order: relaxed, no partner. The compare-exchange decides.
      const state = Atomics.load(this.words, word);
      if ((state & WRITER) === this.me) throw misused('read what this agent changes', word, this.me);
      if ((state & WRITER) !== 0) backOff(this.agent, round, 'counter lock');
      // order: acquire, pairs with writeUnlock. What the last writer changed is visible from here on.
      else if (Atomics.compareExchange(this.words, word, state, state + READER) === state) return;
    }
  }

  tryReadLock(word: WordIndex): boolean {
    // order: relaxed, no partner. The compare-exchange decides.
    const state = Atomics.load(this.words, word);
    // order: acquire, pairs with writeUnlock. As in readLock.
    return (state & WRITER) === 0 && Atomics.compareExchange(this.words, word, state, state + READER) === state;
  }

  readUnlock(word: WordIndex): void {
    // order: release, pairs with tryWriteLock. The next writer finds our reads finished.
    if (Atomics.sub(this.words, word, READER) >= READER) return;
    // order: relaxed, no partner. Takes back what should not have been subtracted.
    Atomics.add(this.words, word, READER);
    throw misused('end a read although nobody reads', word, this.me);
  }

  writeLock(word: WordIndex): void {
    for (let round = 0; !this.tryWriteLock(word); round++) backOff(this.agent, round, 'counter lock');
  }

  tryWriteLock(word: WordIndex): boolean {
    // order: acquire, pairs with readUnlock and writeUnlock. Earlier reads are finished, earlier writes visible.
    return Atomics.compareExchange(this.words, word, 0, this.me) === 0;
  }

  writeUnlock(word: WordIndex): void {
    // order: release, pairs with readLock, tryReadLock and tryWriteLock.
    if (Atomics.compareExchange(this.words, word, this.me, 0) !== this.me) {
      throw misused('end a write that this agent has not begun', word, this.me);
    }
  }

  isContended(_word: WordIndex): boolean {
    return false;
  }
}
