// The reader-writer semaphore: its fast paths, and spinning before the queue.
//
// One object per agent serves all locks of a parking lot; calls name a lock by its word. The word's states are in word.ts,
// the rules of the queue in waking.ts.
//
// RULES
//   1. Readers wait for writers and reservations, and do not join other readers while somebody is parked. Writers wait for
//      readers, writers and reservations.
//   2. A call may sleep, on an agent that may block. On one that may not it spins for the agent's budget and then throws
//      ERR_ZS_WOULD_BLOCK, having changed nothing. As it cannot queue, its readers also pass parked waiters, but no
//      reservation, so parked writers wait a bounded time for them.
//   3. Try calls, unlocks and downgrades never sleep; an unlock with waiters takes the short bucket lock to wake them.
//   4. Holders may do anything: sleep, await, lock other locks in a fixed order. Locking the same lock again for writing
//      is an error; for reading it can deadlock behind a parked writer (RwLock, which knows its holds, lets it pass).
//   5. Only the agent that holds may unlock. A write hold is checked; read holds are anonymous, only their count is.
//   6. An agent that dies leaves the word as it was. A write hold names it (OWNER), and so do its nodes in the queue; read
//      holds are told anew, while BROKEN keeps everybody out: recovery.ts.

import type { Mutex, RwLock } from '@zsmalloc/core/strategy';
import type { Agent, WordIndex, Words } from '@zsmalloc/core/words';
import { notHeld, tooManyReaders, waitsForItself, wouldBlock } from './errors.ts';
import type { ParkingLot } from './lot.ts';
import { FOR_WRITE, HEAD } from './lot.ts';
import { LockQueue } from './queue.ts';
import { sleepFor } from './sleep.ts';
import type { SpinLimits } from './spin.ts';
import { spinUnderAlarm } from './spin.ts';
import {
  BARS_READER,
  BARS_READER_IN_TURN,
  BARS_STEALING_READER,
  BARS_WRITER,
  CROWDED,
  QUEUED,
  READER,
  READERS,
} from './word.ts';
import { OWNER, WAKING, WRITER, ownerOf, writeHold } from './word.ts';

/** A free lock with parked waiters, of whom one has been woken: a release to this state wakes nobody. */
const BUSY: number = QUEUED | WAKING;

/** Reader-writer lock and mutex over the words of one parking lot. */
export class Rwsem implements RwLock, Mutex {
  readonly agent: Agent;
  readonly queue: LockQueue;
  /** Lock that last threw ERR_ZS_WOULD_BLOCK, for `retryLater`; -1 when there is none. */
  refusedLock: WordIndex = -1;
  /** FOR_WRITE when it was refused to a writer. */
  refusedFlags = 0;
  private readonly words: Words;
  private readonly head: WordIndex;
  private readonly limits: SpinLimits;
  private readonly mine: number;
  /**
   * Lock that this agent last found free with a woken writer on its way. Under contention that is how it will find it
   * again, and expecting it halves the calls: the first compare-exchange is right. If not, it costs one call.
   */
  private busyLock: WordIndex = -1;

  constructor(lot: ParkingLot, limits: SpinLimits, queue: LockQueue = new LockQueue(lot)) {
    this.agent = lot.agent;
    this.queue = queue;
    this.words = lot.words;
    this.head = lot.place.head;
    this.limits = limits;
    this.mine = writeHold(lot.agent.index);
  }

  readLock(lock: WordIndex): void {
    // order: acquire, pairs with writeUnlock and downgrade. What the last writer wrote is visible.
    const before = Atomics.add(this.words, lock, READER);
    if ((before & BARS_READER) !== 0) this.readLockSlow(lock, before, Infinity);
  }

  tryReadLock(lock: WordIndex): boolean {
    let seen = 0;
    for (;;) {
      // order: acquire, pairs with writeUnlock and downgrade.
      const found = Atomics.compareExchange(this.words, lock, seen, seen + READER);
      if (found === seen) return true;
      if ((found & BARS_READER) !== 0) return false;
      seen = found; // Another agent got in or out: bounded by their progress.
    }
  }

  readUnlock(lock: WordIndex): void {
    // order: release, pairs with every write lock. The next writer sees our reads as finished.
    const before = Atomics.sub(this.words, lock, READER);
    if ((before & QUEUED) !== 0 || before < READER) this.readUnlockSlow(lock, before);
  }

  writeLock(lock: WordIndex): void {
    const idle = lock === this.busyLock ? BUSY : 0;
    // order: acquire, pairs with readUnlock and writeUnlock. What earlier holders did is visible.
    const found = Atomics.compareExchange(this.words, lock, idle, idle + this.mine);
    if (found !== idle) this.writeLockSlow(lock, found, Infinity);
  }

  tryWriteLock(lock: WordIndex): boolean {
    let seen = 0;
    for (;;) {
      // order: acquire, pairs with readUnlock and writeUnlock.
      const found = Atomics.compareExchange(this.words, lock, seen, seen + this.mine);
      if (found === seen) return true;
      if ((found & BARS_WRITER) !== 0) return false;
      seen = found;
    }
  }

  writeUnlock(lock: WordIndex): void {
    const idle = lock === this.busyLock ? BUSY : 0;
    const held = idle + this.mine;
    // order: release, pairs with every lock call. Whoever locks next sees what we wrote.
    const found = Atomics.compareExchange(this.words, lock, held, idle);
    if (found !== held) this.exchangeWriteHold(lock, found, 0);
  }

  /** Turns a write hold into a read hold; no writer gets in between. Parked readers join if they come first. */
  downgrade(lock: WordIndex): void {
    // order: release and acquire, pairs with readLock. Readers see what we wrote; no other writer comes between.
    const found = Atomics.compareExchange(this.words, lock, this.mine, READER);
    if (found !== this.mine) this.exchangeWriteHold(lock, found, READER);
  }

  /** Turns the only read hold into a write hold. False, changing nothing, when there are others or a reservation. */
  tryUpgrade(lock: WordIndex): boolean {
    let seen = READER;
    for (;;) {
      // order: acquire, pairs with readUnlock. The other readers have finished.
      const found = Atomics.compareExchange(this.words, lock, seen, seen - READER + this.mine);
      if (found === seen) return true;
      if ((found & READERS) === 0 || (found & WRITER) !== 0) throw notHeld('reading', lock, found, this.agent.index);
      if ((found & (BARS_WRITER & ~READER)) !== 0) return false;
      seen = found;
    }
  }

  lock(lock: WordIndex): void {
    this.writeLock(lock);
  }

  tryLock(lock: WordIndex): boolean {
    return this.tryWriteLock(lock);
  }

  unlock(lock: WordIndex): void {
    this.writeUnlock(lock);
  }

  isContended(lock: WordIndex): boolean {
    // order: relaxed. A hint.
    return (Atomics.load(this.words, lock) & QUEUED) !== 0;
  }

  /** `readLock` with a time limit: false when `deadline` (in the time of `performance.now()`) has passed. */
  readLockUntil(lock: WordIndex, deadline: number): boolean {
    // order: acquire, pairs with writeUnlock and downgrade.
    const before = Atomics.add(this.words, lock, READER);
    return (before & BARS_READER) === 0 || this.readLockSlow(lock, before, deadline);
  }

  /** `writeLock` with a time limit, like `readLockUntil`. */
  writeLockUntil(lock: WordIndex, deadline: number): boolean {
    const idle = lock === this.busyLock ? BUSY : 0;
    // order: acquire, pairs with readUnlock and writeUnlock.
    const found = Atomics.compareExchange(this.words, lock, idle, idle + this.mine);
    return found === idle || this.writeLockSlow(lock, found, deadline);
  }

  /** One more read hold for an agent that has one already: no writer can be inside, so nothing has to be awaited. */
  readLockAgain(lock: WordIndex): void {
    // order: none. The hold that the agent has already made everything visible.
    const before = Atomics.add(this.words, lock, READER);
    if ((before & CROWDED) !== 0) {
      this.readUnlock(lock);
      throw tooManyReaders(lock);
    }
  }

  private readLockSlow(lock: WordIndex, before: number, deadline: number): boolean {
    const { mayBlock, index } = this.agent;
    // Stealing: nobody else was inside and nothing is reserved, so the hold that was added is good.
    if ((before & (mayBlock ? BARS_STEALING_READER : BARS_READER_IN_TURN)) === 0) return true;
    this.readUnlock(lock); // Takes the hold back. It may be the last one by now, with a writer waiting.
    if ((before & CROWDED) !== 0) throw tooManyReaders(lock);
    const self = (before & WRITER) !== 0 && ownerOf(before) === index;
    if (self && mayBlock) throw waitsForItself('reading', lock, index);
    const rounds = this.roundsFor(self);
    let seen = before;
    for (let round = 0; ; round++) {
      // order: relaxed. The compare-exchange decides.
      seen = Atomics.load(this.words, lock);
      const queues = mayBlock && (seen & QUEUED) !== 0;
      if ((seen & (queues ? BARS_STEALING_READER : BARS_READER_IN_TURN)) === 0) {
        // order: acquire, pairs with writeUnlock and downgrade.
        if (Atomics.compareExchange(this.words, lock, seen, seen + READER) === seen) return true;
      } else if (queues && (seen & WRITER) === 0) {
        break; // Other readers are inside, and they go first in line for as long as somebody is parked.
      }
      if (round >= rounds) break;
      spinUnderAlarm(this.agent, round, Infinity);
    }
    if (!mayBlock) this.refuse('reading', lock, seen, rounds);
    return sleepFor(this.queue, lock, 0, deadline, 0);
  }

  private writeLockSlow(lock: WordIndex, found: number, deadline: number): boolean {
    const self = (found & WRITER) !== 0 && ownerOf(found) === this.agent.index;
    if (self && this.agent.mayBlock) throw waitsForItself('writing', lock, this.agent.index);
    let rounds = -1;
    let seen = found;
    for (let round = 0; ; round++) {
      if ((seen & BARS_WRITER) === 0) {
        // order: acquire, pairs with readUnlock and writeUnlock. Stealing: parked waiters are passed over.
        const now = Atomics.compareExchange(this.words, lock, seen, seen + this.mine);
        if (now === seen) {
          this.busyLock = seen === BUSY ? lock : -1;
          return true;
        }
        seen = now;
      }
      if (rounds < 0) rounds = this.roundsFor(self);
      if (round >= rounds) break;
      spinUnderAlarm(this.agent, round, Infinity);
      // order: relaxed. The compare-exchange decides.
      seen = Atomics.load(this.words, lock);
    }
    if (!this.agent.mayBlock) this.refuse('writing', lock, seen, rounds);
    return sleepFor(this.queue, lock, FOR_WRITE, deadline, rounds);
  }

  /** Rounds to spin for a lock: none for one that only this agent itself could release. */
  private roundsFor(self: boolean): number {
    if (self) return 0;
    if (!this.agent.mayBlock) return this.agent.spin.refuseAfter;
    // order: relaxed. An agent more or less for a moment makes a spin longer or shorter.
    return Atomics.load(this.words, this.head + HEAD.attached) > this.limits.cores ? 0 : this.limits.rounds;
  }

  private refuse(mode: 'reading' | 'writing', lock: WordIndex, seen: number, rounds: number): never {
    this.refusedLock = lock;
    this.refusedFlags = mode === 'writing' ? FOR_WRITE : 0;
    throw wouldBlock(mode, lock, seen, rounds);
  }

  private readUnlockSlow(lock: WordIndex, before: number): void {
    if ((before & READERS) === 0 || before < 0) {
      // order: none. Undoes a sub that should not have been; agents that saw the word in between are woken below.
      Atomics.add(this.words, lock, READER);
      this.queue.wake(lock);
      throw notHeld('reading', lock, before, this.agent.index);
    }
    const last = (before & READERS) === READER && (before & (WRITER | WAKING)) === 0;
    if (last) this.queue.wake(lock);
  }

  /** Ends or changes a write hold of a word that has more in it than the hold. */
  private exchangeWriteHold(lock: WordIndex, found: number, hold: number): void {
    if ((found & (WRITER | OWNER)) !== this.mine) throw notHeld('writing', lock, found, this.agent.index);
    // order: release, pairs with every lock call. A waiter that is not seen here sees the lock free: waking.ts, rule 1.
    const before = Atomics.add(this.words, lock, hold - this.mine);
    if ((before & (QUEUED | WAKING)) === QUEUED) this.queue.wake(lock);
  }
}
