// Waiting in the queue of a lock: entering, trying again, leaving. The other half, waking, is in waking.ts, with the rules.
//
// A waiter's node goes   unlinked -enter-> PARKED -wake-> WOKEN -retry-> unlinked (it has the lock), or PARKED again
//                                         PARKED -grant-> GRANTED, unlinked (a sync reader has the lock)
//                                         any of them -leave-> unlinked (given up)

import type { WordIndex } from '@zsmalloc/core/words';
import type { NodeNumber, ParkingLot } from './lot.ts';
import { ASYNC, EXPELLED, FOR_WRITE, GRANTED, HEAD, HINT, PARKED, RESERVED, WOKEN } from './lot.ts';
import { Waking } from './waking.ts';
import { BARS_READER_IN_TURN, BARS_WRITER, BROKEN, HANDOFF, QUEUED, READER, READERS, WAKING, WRITER } from './word.ts';
import { writeHold } from './word.ts';

/** The queues of all locks of one parking lot, as one agent uses them. */
export class LockQueue extends Waking {
  private readonly writeHold: number;

  constructor(lot: ParkingLot, handoffAfter?: number) {
    super(lot, handoffAfter);
    this.writeHold = writeHold(lot.agent.index);
  }

  /**
   * Queues a node, or takes the lock if that is possible by now.
   *
   * @returns True when the lock was taken (with HINT: could have been), false when the node is linked and PARKED.
   */
  enter(lock: WordIndex, node: NodeNumber, flags: number): boolean {
    const { lot, words } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    // order: acquire and release, pairs with readUnlock and writeUnlock: rule 1.
    const before = Atomics.or(words, lock, QUEUED);
    const alone = (before & QUEUED) === 0;
    let seen = before | QUEUED;
    while (this.admits(bucket, lock, flags, seen, alone)) {
      const hold = (flags & HINT) !== 0 ? 0 : this.holdOf(flags);
      // order: acquire, pairs with readUnlock and writeUnlock. What the last holder wrote is visible.
      const found = Atomics.compareExchange(words, lock, seen, (alone ? seen & ~QUEUED : seen) + hold);
      if (found === seen) {
        lot.unlockBucket(bucket);
        return true;
      }
      seen = found;
    }
    lot.setParked(node);
    lot.link(bucket, node, lock, flags);
    lot.unlockBucket(bucket);
    return false;
  }

  /**
   * Second and later tries of a waiter that was WOKEN. On failure it is PARKED again, in its old place.
   *
   * @returns True when it has the lock; its node is unlinked then.
   */
  retry(lock: WordIndex, node: NodeNumber): boolean {
    const { lot, words } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    const flags = lot.flagsOf(node);
    const state = lot.parkState(node);
    if (state === EXPELLED) {
      lot.unlockBucket(bucket);
      return this.enter(lock, node, flags & ~RESERVED);
    }
    if (state === GRANTED) {
      // A reader that was woken after a death, and granted the lock before it came.
      lot.setIdle(node);
      lot.unlockBucket(bucket);
      return true;
    }
    const bars = this.barsOf(flags);
    const reserve = (flags & RESERVED) === 0 && lot.passOver(node) >= this.handoffAfter;
    // An async waiter was woken without WAKING: if it is set, it is another one's.
    const keep = (flags & ASYNC) === 0 ? ~WAKING : ~0;
    // order: relaxed. The compare-exchange below decides.
    let seen = Atomics.load(words, lock);
    for (;;) {
      const taken = (seen & bars) === 0;
      const next = taken
        ? (seen & keep & this.bitsAfterLeaving(bucket, lock, node)) + this.holdOf(flags)
        : (seen & keep) | (reserve ? HANDOFF : 0);
      // order: acquire, pairs with readUnlock and writeUnlock; on failure it is rule 2's last look.
      const found = Atomics.compareExchange(words, lock, seen, next);
      if (found === seen) {
        if (taken) this.unlinkOwn(bucket, node);
        else this.parkAgain(node, reserve && (seen & HANDOFF) === 0 ? flags | RESERVED : flags);
        lot.unlockBucket(bucket);
        return taken;
      }
      seen = found;
    }
  }

  /** Takes a node of this agent, which is awake, out of its queue. Caller holds: the bucket lock. */
  private unlinkOwn(bucket: WordIndex, node: NodeNumber): void {
    this.lot.unlink(bucket, node);
    this.lot.setIdle(node);
  }

  /** Caller holds: the bucket lock. */
  protected parkAgain(node: NodeNumber, flags: number): void {
    this.lot.setFlags(node, flags);
    this.lot.setParked(node);
  }

  /**
   * Takes a node out of the queue because its wait is given up.
   *
   * @returns True when the lock had been granted to it meanwhile: the caller holds it.
   */
  leave(lock: WordIndex, node: NodeNumber): boolean {
    const { lot, words } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    const state = lot.parkState(node);
    if (state === GRANTED || state === EXPELLED) {
      lot.setIdle(node);
      lot.unlockBucket(bucket);
      return state === GRANTED;
    }
    const woken = state === WOKEN && (lot.flagsOf(node) & ASYNC) === 0;
    const bits = this.bitsAfterLeaving(bucket, lock, node) & (woken ? ~WAKING : ~0);
    // order: release, pairs with readUnlock and writeUnlock: from here on their wakes are not for this node.
    if (bits !== ~0) Atomics.and(words, lock, bits);
    this.unlinkOwn(bucket, node);
    this.wakeLocked(bucket, lock);
    lot.unlockBucket(bucket);
    return false;
  }

  /**
   * Looks after a waiter that slept for a whole slice. When nobody holds the lock it takes it, whatever is reserved or on its
   * way: whoever should have come for it is dead or very late, and is put out of the queue. So is a writer that was woken
   * long ago while others hold the lock: their releases wake nobody else until it comes.
   *
   * @param certain False on the first such look, where nothing is done: what is due may just be happening.
   * @returns 'asleep' when all is well, 'suspect' when there should be a second look, 'taken' with the lock.
   */
  inspect(lock: WordIndex, node: NodeNumber, certain: boolean): 'asleep' | 'suspect' | 'taken' {
    const { lot, words } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    // order: relaxed. The compare-exchange decides.
    let seen = Atomics.load(words, lock);
    let verdict: 'asleep' | 'suspect' | 'taken' = 'asleep';
    while (lot.parkState(node) === PARKED) {
      const idle = (seen & (WRITER | READERS | BROKEN)) === 0;
      if (!idle && (seen & WAKING) === 0) break;
      verdict = 'suspect';
      if (!certain) break;
      const taken = idle
        ? (seen & this.bitsAfterLeaving(bucket, lock, node) & ~HANDOFF) + this.holdOf(lot.flagsOf(node))
        : seen;
      // order: acquire and release, pairs with readUnlock and writeUnlock.
      const found = Atomics.compareExchange(words, lock, seen, taken & ~WAKING);
      if (found === seen) {
        verdict = idle ? 'taken' : 'asleep';
        if (idle) this.noteRescue(bucket, node);
        this.expelLate(bucket, lock, idle);
        break;
      }
      seen = found;
    }
    lot.unlockBucket(bucket);
    return verdict;
  }

  /** Caller holds: the bucket lock. */
  private noteRescue(bucket: WordIndex, node: NodeNumber): void {
    this.unlinkOwn(bucket, node);
    // order: none. A statistic.
    Atomics.add(this.words, this.lot.place.head + HEAD.rescues, 1);
  }

  /** Whether a waiter may have the lock without being queued. Caller holds: the bucket lock. */
  protected admits(bucket: WordIndex, lock: WordIndex, flags: number, seen: number, alone: boolean): boolean {
    if ((flags & FOR_WRITE) !== 0) return (seen & BARS_WRITER) === 0;
    if ((seen & BARS_READER_IN_TURN) !== 0) return false;
    return alone || (seen & READERS) === 0 || !this.hasWriterWaiting(bucket, lock);
  }

  /** An async writer that has been woken does not count: rule 4. */
  private hasWriterWaiting(bucket: WordIndex, lock: WordIndex): boolean {
    const { lot } = this;
    for (let node = lot.first(bucket, lock); node !== 0; node = lot.next(node, lock)) {
      const flags = lot.flagsOf(node);
      if ((flags & FOR_WRITE) === 0) continue;
      if ((flags & ASYNC) === 0 || lot.parkState(node) === PARKED) return true;
    }
    return false;
  }

  /** A reservation does not bar the one it was made for. */
  protected barsOf(flags: number): number {
    const bars = (flags & FOR_WRITE) !== 0 ? BARS_WRITER : BARS_READER_IN_TURN;
    return (flags & RESERVED) !== 0 ? bars & ~HANDOFF : bars;
  }

  protected holdOf(flags: number): number {
    return (flags & FOR_WRITE) !== 0 ? this.writeHold : READER;
  }

  /** Mask of the bits that stay when a node leaves the queue. Caller holds: the bucket lock. */
  protected bitsAfterLeaving(bucket: WordIndex, lock: WordIndex, node: NodeNumber): number {
    const { lot } = this;
    const first = lot.first(bucket, lock);
    const last = first === node && lot.next(node, lock) === 0;
    return ~((last ? QUEUED : 0) | ((lot.flagsOf(node) & RESERVED) !== 0 ? HANDOFF : 0));
  }
}
