// Entering, leaving and waking the queue of a lock: every decision that is made under a bucket lock.
//
// WAITER       sync reader               sync writer                     async, either kind
//   enters     PARKED                    PARKED                          PARKED
//   woken by   a grant: counted in the   WAKING set, WOKEN: it tries     WOKEN: it tries again
//              word, unlinked, GRANTED   again, in its place             in its place
//   fails      never                     PARKED, WAKING cleared          PARKED
//   succeeds   by the grant              takes the word, unlinks itself  takes the word, unlinks itself
//
// RULES
//   1. No wakeup is lost: a waiter sets QUEUED first and looks at the word after; a holder frees the word first and looks
//      at QUEUED after, in one step. If it misses QUEUED the waiter sees the lock free; if not it comes here to wake.
//   2. While WAKING is set, releases wake nobody: a writer is on its way, and it looks again under the bucket lock
//      before it clears WAKING and sleeps on.
//   3. Readers are granted together: all holds are added in the one step that also checks for a writer, and only then is
//      the first of them woken. Else it could unlock before it was counted.
//   4. Nothing is ever handed to an async waiter: the lock would idle until its event loop comes round. A wake tells it
//      and goes on to the next waiter; while it is WOKEN its place in the queue bars nobody.
//   5. A writer may take the lock ahead of the queue (stealing). A waiter that was passed over `handoffAfter` times
//      sets HANDOFF: only it may take the lock then. So neither side starves, and neither do async waiters.
//   6. Who leaves the queue for whatever reason lets the others look: it may have been what kept them out.
//
// Source: Linux kernel/locking/rwsem.c (handoff, readers counted before they are woken); absl::Mutex (designated waker).

import type { WordIndex, Words } from '@zsmalloc/core/words';
import type { NodeNumber, ParkingLot } from './lot.ts';
import { ASYNC, FOR_WRITE, GRANTED, HEAD, HINT, PARKED, RESERVED, WOKEN } from './lot.ts';
import { BARS_READER_IN_TURN, BARS_WRITER, BROKEN, HANDOFF, QUEUED, READER, READERS, WAKING, WRITER } from './word.ts';
import { writeHold } from './word.ts';

/** Failed tries after which a waiter reserves the lock; each is a full sleep and wake, so under contention some ms. */
export const HANDOFF_AFTER = 8;

/** The queues of all locks of one parking lot, as one agent uses them. */
export class LockQueue {
  readonly lot: ParkingLot;
  private readonly words: Words;
  private readonly handoffAfter: number;
  private readonly writeHold: number;

  constructor(lot: ParkingLot, handoffAfter: number = HANDOFF_AFTER) {
    this.lot = lot;
    this.words = lot.words;
    this.handoffAfter = handoffAfter;
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
        if (taken) lot.unlink(bucket, node);
        else this.parkAgain(node, reserve && (seen & HANDOFF) === 0 ? flags | RESERVED : flags);
        lot.unlockBucket(bucket);
        return taken;
      }
      seen = found;
    }
  }

  /** Caller holds: the bucket lock. */
  private parkAgain(node: NodeNumber, flags: number): void {
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
    if (state === GRANTED) {
      lot.unlockBucket(bucket);
      return true;
    }
    const woken = state === WOKEN && (lot.flagsOf(node) & ASYNC) === 0;
    const bits = this.bitsAfterLeaving(bucket, lock, node) & (woken ? ~WAKING : ~0);
    // order: release, pairs with readUnlock and writeUnlock: from here on their wakes are not for this node.
    if (bits !== ~0) Atomics.and(words, lock, bits);
    lot.unlink(bucket, node);
    this.wakeLocked(bucket, lock);
    lot.unlockBucket(bucket);
    return false;
  }

  /**
   * Looks after a waiter that slept for a whole slice. When nobody holds the lock it takes it, whatever is reserved or on its
   * way: whoever should have come for it is dead or very late.
   *
   * @param certain False on the first such look: the release that will wake it may just be happening. Nothing is done then.
   * @returns 'asleep' when all is well, 'suspect' or, when `certain`, 'taken' when the lock is free.
   */
  inspect(lock: WordIndex, node: NodeNumber, certain: boolean): 'asleep' | 'suspect' | 'taken' {
    const { lot, words } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    const asleep = lot.parkState(node) === PARKED;
    // order: relaxed. The compare-exchange decides.
    let seen = Atomics.load(words, lock);
    let verdict: 'asleep' | 'suspect' | 'taken' = 'asleep';
    while (asleep && (seen & (WRITER | READERS | BROKEN)) === 0) {
      verdict = 'suspect';
      if (!certain) break;
      const bits = this.bitsAfterLeaving(bucket, lock, node) & ~(WAKING | HANDOFF);
      // order: acquire, pairs with readUnlock and writeUnlock.
      const found = Atomics.compareExchange(words, lock, seen, (seen & bits) + this.holdOf(lot.flagsOf(node)));
      if (found === seen) {
        this.dropReservations(bucket, lock);
        lot.unlink(bucket, node);
        // order: none. A statistic.
        Atomics.add(words, lot.place.head + HEAD.rescues, 1);
        verdict = 'taken';
        break;
      }
      seen = found;
    }
    lot.unlockBucket(bucket);
    return verdict;
  }

  /** Wakes whoever may have the lock now. Called by a holder that has released it and saw QUEUED. */
  wake(lock: WordIndex): void {
    const bucket = this.lot.bucketOf(lock);
    this.lot.lockBucket(bucket);
    this.wakeLocked(bucket, lock);
    this.lot.unlockBucket(bucket);
  }

  /** Caller holds: the bucket lock. */
  protected wakeLocked(bucket: WordIndex, lock: WordIndex): void {
    const { lot, words } = this;
    // order: relaxed. Every decision below is made by a compare-exchange.
    let seen = Atomics.load(words, lock);
    let node = lot.first(bucket, lock);
    while (node !== 0) {
      const flags = lot.flagsOf(node);
      if ((seen & (WAKING | BROKEN)) !== 0) return;
      if ((seen & HANDOFF) !== 0 && (flags & RESERVED) === 0) {
        node = lot.next(node, lock);
      } else if ((seen & WRITER) !== 0) {
        this.notePassedOver(bucket, lock);
        return;
      } else if ((flags & ASYNC) !== 0) {
        if (lot.parkState(node) === PARKED) lot.wake(node, WOKEN);
        if ((flags & RESERVED) !== 0) return;
        node = lot.next(node, lock);
      } else {
        const found = (flags & FOR_WRITE) !== 0 ? this.wakeWriter(lock, node, seen) : this.grantReaders(bucket, lock, seen);
        if (found === seen) return;
        seen = found;
        node = lot.first(bucket, lock);
      }
    }
  }

  /** @returns `seen` when that was the end of it, else the word as it is now. Caller holds: the bucket lock. */
  protected wakeWriter(lock: WordIndex, node: NodeNumber, seen: number): number {
    if ((seen & READERS) !== 0) return seen; // The last of them will be back here.
    // order: relaxed. Only agents under the bucket lock act on WAKING; others use it as a hint in their own release.
    const found = Atomics.compareExchange(this.words, lock, seen, seen | WAKING);
    if (found === seen) this.lot.wake(node, WOKEN);
    return found;
  }

  /** Grants the lock to all parked sync readers at once. Same result as `wakeWriter`. Caller holds: the bucket lock. */
  protected grantReaders(bucket: WordIndex, lock: WordIndex, seen: number): number {
    const { lot } = this;
    let count = 0;
    let others = 0;
    for (let node = lot.first(bucket, lock); node !== 0; node = lot.next(node, lock)) {
      if (this.isSyncReader(node)) count++;
      else others++;
    }
    const bits = ~(HANDOFF | (others === 0 ? QUEUED : 0));
    // order: acquire and release, pairs with writeUnlock and with parkState: rule 3.
    const found = Atomics.compareExchange(this.words, lock, seen, (seen & bits) + count * READER);
    if (found !== seen) return found;
    for (let node = lot.first(bucket, lock); node !== 0; ) {
      const next = lot.next(node, lock);
      if (this.isSyncReader(node)) {
        lot.unlink(bucket, node);
        lot.wake(node, GRANTED);
      } else {
        const isReader = (lot.flagsOf(node) & FOR_WRITE) === 0;
        if (isReader && lot.parkState(node) === PARKED) lot.wake(node, WOKEN);
      }
      node = next;
    }
    return seen;
  }

  private isSyncReader(node: NodeNumber): boolean {
    return (this.lot.flagsOf(node) & (ASYNC | FOR_WRITE)) === 0;
  }

  /** A writer took the lock ahead of parked readers, before they could be granted it. Caller holds: the bucket lock. */
  private notePassedOver(bucket: WordIndex, lock: WordIndex): void {
    const { lot, words } = this;
    let node = lot.first(bucket, lock);
    while (node !== 0 && (lot.flagsOf(node) & ASYNC) !== 0) node = lot.next(node, lock);
    if (node === 0 || !this.isSyncReader(node) || lot.passOver(node) < this.handoffAfter) return;
    // order: relaxed. HANDOFF changes under the bucket lock only, and the writer's release will see it or QUEUED.
    if ((Atomics.or(words, lock, HANDOFF) & HANDOFF) === 0) lot.setFlags(node, lot.flagsOf(node) | RESERVED);
  }

  /** Whether a waiter may have the lock without being queued. Caller holds: the bucket lock. */
  protected admits(bucket: WordIndex, lock: WordIndex, flags: number, seen: number, alone: boolean): boolean {
    if ((flags & FOR_WRITE) !== 0) return (seen & BARS_WRITER) === 0;
    if ((seen & BARS_READER_IN_TURN) !== 0) return false;
    return alone || !this.hasWriterWaiting(bucket, lock);
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
  private barsOf(flags: number): number {
    const bars = (flags & FOR_WRITE) !== 0 ? BARS_WRITER : BARS_READER_IN_TURN;
    return (flags & RESERVED) !== 0 ? bars & ~HANDOFF : bars;
  }

  private holdOf(flags: number): number {
    return (flags & FOR_WRITE) !== 0 ? this.writeHold : READER;
  }

  /** Mask of the bits that stay when a node leaves the queue. Caller holds: the bucket lock. */
  private bitsAfterLeaving(bucket: WordIndex, lock: WordIndex, node: NodeNumber): number {
    const { lot } = this;
    const first = lot.first(bucket, lock);
    const last = first === node && lot.next(node, lock) === 0;
    return ~((last ? QUEUED : 0) | ((lot.flagsOf(node) & RESERVED) !== 0 ? HANDOFF : 0));
  }

  private dropReservations(bucket: WordIndex, lock: WordIndex): void {
    const { lot } = this;
    for (let node = lot.first(bucket, lock); node !== 0; node = lot.next(node, lock)) {
      lot.setFlags(node, lot.flagsOf(node) & ~RESERVED);
    }
  }
}
