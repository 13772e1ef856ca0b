// Waking the waiters of a lock, and the rules of its queue. Everything here happens under a bucket lock.
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
//   5. A running agent may take a lock that nobody holds ahead of the queue (stealing): a lock that waits for a sleeper to
//      wake up serves nobody. A waiter that was passed over `handoffAfter` times sets HANDOFF: only it may take the lock
//      then. So neither side starves, and neither do async waiters.
//   6. Who leaves the queue for whatever reason lets the others look: it may have been what kept them out.
//
// Source: Linux kernel/locking/rwsem.c (handoff, readers counted before they are woken); absl::Mutex (designated waker).

import type { WordIndex, Words } from '@zsmalloc/core/words';
import type { NodeNumber, ParkingLot } from './lot.ts';
import { ASYNC, EXPELLED, FOR_WRITE, GRANTED, PARKED, RESERVED, WOKEN } from './lot.ts';
import { BROKEN, HANDOFF, QUEUED, READER, READERS, WAKING, WRITER } from './word.ts';

/** Failed tries after which a waiter reserves the lock; each is a full sleep and wake, so under contention some ms. */
export const HANDOFF_AFTER = 8;

/** The holder's side of the queues: what a release does with them. */
export class Waking {
  readonly lot: ParkingLot;
  protected readonly words: Words;
  protected readonly handoffAfter: number;

  constructor(lot: ParkingLot, handoffAfter: number = HANDOFF_AFTER) {
    this.lot = lot;
    this.words = lot.words;
    this.handoffAfter = handoffAfter;
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
        const found =
          (flags & FOR_WRITE) !== 0 ? this.wakeWriter(lock, node, seen) : this.grantReaders(bucket, lock, seen);
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
    for (let node = lot.first(bucket, lock); node !== 0;) {
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

  protected isSyncReader(node: NodeNumber): boolean {
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

  /**
   * Takes writers out of the queue that were woken and have not come, and, with `unreserve`, ends all reservations.
   * Caller holds: the bucket lock.
   */
  protected expelLate(bucket: WordIndex, lock: WordIndex, unreserve: boolean): void {
    const { lot, words } = this;
    let ended = unreserve ? HANDOFF : 0;
    for (let node = lot.first(bucket, lock); node !== 0;) {
      const next = lot.next(node, lock);
      const flags = lot.flagsOf(node);
      if (unreserve) lot.setFlags(node, flags & ~RESERVED);
      if ((flags & ASYNC) === 0 && lot.parkState(node) === WOKEN) {
        ended |= (flags & RESERVED) !== 0 ? HANDOFF : 0;
        lot.unlink(bucket, node);
        lot.wake(node, EXPELLED);
      }
      node = next;
    }
    if (lot.first(bucket, lock) === 0) ended |= QUEUED;
    // order: relaxed. These bits change under the bucket lock only.
    if (ended !== 0) Atomics.and(words, lock, ~ended);
  }
}
