// Broken variants of the lock, one defect each. The model tests must reject every one of them.

import type { WordIndex } from '@zsmalloc/core/words';
import { ASYNC, FOR_WRITE, GRANTED, ParkingLot, WOKEN } from '../src/lot.ts';
import type { NodeNumber } from '../src/lot.ts';
import { LockQueue } from '../src/queue.ts';
import { Rwsem } from '../src/rwsem.ts';
import { BARS_WRITER, HANDOFF, QUEUED, READER, READERS, WAKING, WRITER, writeHold } from '../src/word.ts';
import type { Subject } from './model.ts';

/** A waiter goes to sleep without a last look at the word after it has announced itself. */
class NoLastLook extends LockQueue {
  protected override admits(): boolean {
    return false;
  }
}

/** A woken writer that fails looks first and clears WAKING after: a release in between wakes nobody. */
class ForgetsToLookAgain extends LockQueue {
  override retry(lock: WordIndex, node: NodeNumber): boolean {
    const { lot, words } = this;
    // The right code does this in one compare-exchange.
    if ((Atomics.load(words, lock) & BARS_WRITER) === 0) return super.retry(lock, node);
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    Atomics.and(words, lock, ~WAKING);
    lot.setParked(node);
    lot.unlockBucket(bucket);
    return false;
  }
}

/** A release decides from a look at the word before it, not from the release itself. */
class StaleDecision extends Rwsem {
  override readUnlock(lock: WordIndex): void {
    const before = Atomics.load(this.agent.words, lock);
    Atomics.sub(this.agent.words, lock, READER);
    if ((before & READERS) === READER && (before & (QUEUED | WRITER | WAKING)) === QUEUED) this.queue.wake(lock);
  }
}

/** The same for writers. */
class StaleWriterDecision extends Rwsem {
  override writeUnlock(lock: WordIndex): void {
    const before = Atomics.load(this.agent.words, lock);
    Atomics.sub(this.agent.words, lock, writeHold(this.agent.index));
    if ((before & (QUEUED | WAKING)) === QUEUED) this.queue.wake(lock);
  }
}

/** Only the first reader is granted the lock, and the others are left behind with QUEUED cleared. */
class WakesOne extends LockQueue {
  protected override grantReaders(bucket: WordIndex, lock: WordIndex, seen: number): number {
    const { lot, words } = this;
    const node = lot.first(bucket, lock);
    const found = Atomics.compareExchange(words, lock, seen, (seen & ~(QUEUED | HANDOFF)) + READER);
    if (found !== seen) return found;
    lot.unlink(bucket, node);
    lot.wake(node, GRANTED);
    return seen;
  }
}

/** Readers are woken first and counted after. */
class CountsAfterRelease extends LockQueue {
  protected override grantReaders(bucket: WordIndex, lock: WordIndex): number {
    const { lot, words } = this;
    let count = 0;
    for (let node = lot.first(bucket, lock); node !== 0;) {
      const next = lot.next(node, lock);
      if ((lot.flagsOf(node) & (ASYNC | FOR_WRITE)) === 0) {
        lot.unlink(bucket, node);
        lot.wake(node, GRANTED);
        count++;
      }
      node = next;
    }
    const bits = ~(HANDOFF | (lot.first(bucket, lock) === 0 ? QUEUED : 0));
    for (let seen = Atomics.load(words, lock); ;) {
      const found = Atomics.compareExchange(words, lock, seen, (seen & bits) + count * READER);
      if (found === seen) return -1;
      seen = found;
    }
  }

  // The base class goes on with the result of a failed grant; here there is none.
  protected override wakeLocked(bucket: WordIndex, lock: WordIndex): void {
    const { lot, words } = this;
    const node = lot.first(bucket, lock);
    const seen = Atomics.load(words, lock);
    if (node === 0 || (seen & (WRITER | WAKING)) !== 0) return;
    if ((lot.flagsOf(node) & FOR_WRITE) !== 0) super.wakeLocked(bucket, lock);
    else this.grantReaders(bucket, lock);
  }
}

/** Readers are granted the lock by an add, without the check that no writer has taken it meanwhile. */
class GrantsBesideWriter extends LockQueue {
  protected override grantReaders(bucket: WordIndex, lock: WordIndex, seen: number): number {
    const now = Atomics.load(this.words, lock);
    return super.grantReaders(bucket, lock, now) === now ? seen : now;
  }

  protected override wakeLocked(bucket: WordIndex, lock: WordIndex): void {
    const node = this.lot.first(bucket, lock);
    if (node !== 0 && (this.lot.flagsOf(node) & FOR_WRITE) === 0) this.grantReaders(bucket, lock, 0);
    else super.wakeLocked(bucket, lock);
  }
}

/** A waiter that gives up does not let the others look. */
class LeavesSilently extends LockQueue {
  private leaving = false;

  override leave(lock: WordIndex, node: NodeNumber): boolean {
    this.leaving = true;
    const granted = super.leave(lock, node);
    this.leaving = false;
    return granted;
  }

  protected override wakeLocked(bucket: WordIndex, lock: WordIndex): void {
    if (!this.leaving) super.wakeLocked(bucket, lock);
  }
}

/** A grant that races with the end of the wait is dropped. */
class LosesGrant extends LockQueue {
  override leave(lock: WordIndex, node: NodeNumber): boolean {
    super.leave(lock, node);
    return false;
  }
}

/** A woken writer that gives up leaves WAKING set: releases go on believing that somebody is on the way. */
class LeavesWakingSet extends LockQueue {
  override leave(lock: WordIndex, node: NodeNumber): boolean {
    const { lot } = this;
    if (lot.parkState(node) === WOKEN) lot.setParked(node);
    return super.leave(lock, node);
  }
}

/** A downgrade that unlocks and locks again. */
class DowngradesInTwoSteps extends Rwsem {
  override downgrade(lock: WordIndex): void {
    this.writeUnlock(lock);
    this.readLock(lock);
  }
}

/** An upgrade that does not look for other readers. */
class UpgradesBesideReaders extends Rwsem {
  override tryUpgrade(lock: WordIndex): boolean {
    Atomics.add(this.agent.words, lock, writeHold(this.agent.index) - READER);
    return true;
  }
}

/** Queues that are changed without their lock. */
class UnlockedBuckets extends LockQueue {
  constructor(lot: ParkingLot, handoffAfter?: number) {
    super(lot, handoffAfter);
    lot.lockBucket = () => {};
  }
}

/** A writer that ignores readers. */
class WritesBesideReaders extends Rwsem {
  override writeLock(lock: WordIndex): void {
    const { words } = this.agent;
    const seen = Atomics.load(words, lock);
    const mine = writeHold(this.agent.index);
    if ((seen & WRITER) !== 0 || Atomics.compareExchange(words, lock, seen, seen + mine) !== seen)
      super.writeLock(lock);
  }
}

/** A reader that an heir has woken tries again although it has been granted the lock meanwhile. */
class RetriesAfterGrant extends LockQueue {
  override retry(lock: WordIndex, node: NodeNumber): boolean {
    const { lot } = this;
    const bucket = lot.bucketOf(lock);
    lot.lockBucket(bucket);
    if (lot.parkState(node) === GRANTED) lot.setParked(node);
    lot.unlockBucket(bucket);
    return super.retry(lock, node);
  }
}

/** A grant stays in the park word after its reader has left. */
class LeavesGrantBehind extends ParkingLot {
  override setIdle(node: NodeNumber): void {
    if (this.parkState(node) !== GRANTED) super.setIdle(node);
  }
}

/** Name, the roles in which the defect shows, and the broken part. */
export const MUTANTS: readonly (readonly [name: string, roles: string, subject: Subject])[] = [
  ['goes to sleep without a last look', 'WW', { queue: NoLastLook }],
  ['goes back to sleep without a last look', 'WWW', { queue: ForgetsToLookAgain }],
  ['decides to wake before a read unlock', 'RW', { rwsem: StaleDecision }],
  ['decides to wake before a write unlock', 'WW', { rwsem: StaleWriterDecision }],
  ['wakes one of several waiters', 'WRR', { queue: WakesOne }],
  ['counts readers after waking them', 'RW', { queue: CountsAfterRelease }],
  ['grants readers beside a writer', 'RWW', { queue: GrantsBesideWriter }],
  ['gives up a wait without waking others', 'RCR', { queue: LeavesSilently }],
  ['loses a grant to a wait that was given up', 'cW', { queue: LosesGrant }],
  ['leaves WAKING set when it gives up', 'WCW', { queue: LeavesWakingSet }],
  ['downgrades in two steps', 'DW', { rwsem: DowngradesInTwoSteps }],
  ['upgrades beside readers', 'UR', { rwsem: UpgradesBesideReaders }],
  ['changes queues without their lock', 'WW', { queue: UnlockedBuckets }],
  ['tries again after a grant', 'HRW', { queue: RetriesAfterGrant }],
  ['leaves a grant behind', 'RW', { lot: LeavesGrantBehind }],
  ['writes beside readers', 'RW', { rwsem: WritesBesideReaders }],
];
