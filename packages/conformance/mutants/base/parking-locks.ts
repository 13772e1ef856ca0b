// Parking locks: waiters sleep on the lock word itself until an unlock wakes them.
//
// STATE of both   bits 0-7 exclusive holder   bit 8 SLEEPERS: somebody sleeps, or is about to   bits 10-29 readers
//
// RULES
//   1. SLEEPERS is set before sleeping, on the word that is slept on: an unlock in between changes the word, and the wait
//      returns at once.
//   2. Who leaves the lock free and finds SLEEPERS wakes. The mutex wakes one, who keeps SLEEPERS set when it gets the
//      lock, for there may be more. The rwlock wakes all, for sleepers are of two kinds.
//   3. An agent that may not block spins, and gives up.
//
// Source: the second mutex of Drepper, "Futexes Are Tricky"; the one-word rwsem of shared/reference/locks.md A.2.

import type { Mutex, RwLock } from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { misused } from './misuse.ts';
import { CounterLock, READER, SpinMutex, WRITER } from './spin-locks.ts';

const OWNER = 0xff;
export const SLEEPERS = 0x100;

/** Exclusive lock. */
export class ParkingMutex extends SpinMutex implements Mutex {
  override lock(word: WordIndex): void {
    let take = this.me;
    for (let round = 0; ; round++) {
      // order: acquire, pairs with unlock. What the last holder changed is visible from here on.
      const seen = Atomics.compareExchange(this.words, word, 0, take);
      if (seen === 0) return;
      if ((seen & OWNER) === this.me) throw misused('lock again what this agent holds', word, this.me);
      if (this.agent.mayBlock) {
        this.sleep(word, seen);
        take = this.me | SLEEPERS;
      } else backOff(this.agent, round, 'parking mutex');
    }
  }

  override unlock(word: WordIndex): void {
    // order: relaxed, no partner. Nobody else writes or takes away this agent's number.
    let state = Atomics.load(this.words, word);
    if ((state & OWNER) !== this.me) throw misused('unlock what this agent does not hold', word, this.me);
    // order: release, pairs with lock and tryLock.
    state = Atomics.exchange(this.words, word, 0);
    if ((state & SLEEPERS) !== 0) Atomics.notify(this.words, word, 1);
  }

  override isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    return (Atomics.load(this.words, word) & SLEEPERS) !== 0;
  }

  protected sleep(word: WordIndex, seen: number): void {
    const marked = seen | SLEEPERS;
    // order: relaxed, no partner. Sleeping is decided by the word as it is then.
    if (seen !== marked && Atomics.compareExchange(this.words, word, seen, marked) !== seen) return;
    Atomics.wait(this.words, word, marked);
  }
}

/** Reader-writer lock. */
export class ParkingRwLock extends CounterLock implements RwLock {
  override readLock(word: WordIndex): void {
    for (let round = 0; ; round++) {
      // order: relaxed, no partner. The compare-exchange decides.
      const state = Atomics.load(this.words, word);
      if ((state & WRITER) === this.me) throw misused('read what this agent changes', word, this.me);
      if ((state & WRITER) !== 0) this.sleep(word, state, round);
      // order: acquire, pairs with writeUnlock. What the last writer changed is visible from here on.
      else if (Atomics.compareExchange(this.words, word, state, state + READER) === state) return;
    }
  }

  override readUnlock(word: WordIndex): void {
    // order: release, pairs with tryWriteLock. The next writer finds our reads finished.
    const seen = Atomics.sub(this.words, word, READER);
    if (seen < READER) {
      // order: relaxed, no partner. Takes back what should not have been subtracted.
      Atomics.add(this.words, word, READER);
      throw misused('end a read although nobody reads', word, this.me);
    }
    if (seen === (READER | SLEEPERS)) this.wakeAll(word);
  }

  override writeLock(word: WordIndex): void {
    for (let round = 0; !this.tryWriteLock(word); round++) {
      // order: relaxed, no partner. Sleeping is decided by the word as it is then.
      const state = Atomics.load(this.words, word);
      if ((state & ~SLEEPERS) !== 0) this.sleep(word, state, round);
    }
  }

  override tryWriteLock(word: WordIndex): boolean {
    // order: relaxed, no partner. The compare-exchange decides.
    const state = Atomics.load(this.words, word);
    if ((state & ~SLEEPERS) !== 0) return false;
    // order: acquire, pairs with readUnlock and writeUnlock. Earlier reads are finished, earlier writes visible.
    return Atomics.compareExchange(this.words, word, state, state | this.me) === state;
  }

  override writeUnlock(word: WordIndex): void {
    // order: release, pairs with readLock, tryReadLock and tryWriteLock. A newcomer may only set SLEEPERS meanwhile.
    const seen = Atomics.load(this.words, word);
    if ((seen & WRITER) !== this.me) throw misused('end a write that this agent has not begun', word, this.me);
    if ((Atomics.and(this.words, word, ~WRITER) & SLEEPERS) !== 0) this.wakeAll(word);
  }

  override isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    return (Atomics.load(this.words, word) & SLEEPERS) !== 0;
  }

  protected sleep(word: WordIndex, seen: number, round: number): void {
    if (!this.agent.mayBlock) {
      backOff(this.agent, round, 'parking rwlock');
      return;
    }
    const marked = seen | SLEEPERS;
    // order: relaxed, no partner. Sleeping is decided by the word as it is then.
    if (seen !== marked && Atomics.compareExchange(this.words, word, seen, marked) !== seen) return;
    Atomics.wait(this.words, word, marked);
  }

  protected wakeAll(word: WordIndex): void {
    // order: relaxed, no partner. Whoever sleeps again sets it again.
    Atomics.and(this.words, word, ~SLEEPERS);
    Atomics.notify(this.words, word);
  }
}
