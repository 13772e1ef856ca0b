// Recovering from the death of an agent that held, awaited, or was about to hand on a lock.
//
// RULES
//   1. A write hold names its holder: it is ended in its name. Waiters are woken once everything is done.
//   2. Read holds are told anew (core's recovery/readers.ts) under the lock's bucket lock, with BROKEN set: nobody gets in,
//      by himself or by a grant. A sleeper to whom a grant has come is counted, one to whom it has not is not: a dead granter
//      may have counted readers whom it never told.
//   3. A bucket is mended by making its queue what the park words say, under the bucket lock, which may be the dead agent's.
//      HANDOFF and WAKING end: they may have been for the dead, or come from them. Who is alive asks again.
//   4. Then everybody who sleeps is woken to try again: a wakeup may have died on its way.
//   5. Doing it twice does no harm.

import type { HeldByOne, ReadByMany, StrategyHost } from '@zsmalloc/core/strategy';
import type { AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import type { NodeNumber, ParkingLot } from './lot.ts';
import { BUCKET_WORDS, GRANTED, NODES, PARKED, RESERVED, WOKEN } from './lot.ts';
import { BROKEN, HANDOFF, OWNER, QUEUED, READER, WAKING, WRITER, ownerOf, readersOf } from './word.ts';

type IsDead = (agent: AgentIndex) => boolean;

/** Tries for a bucket lock: its sections are a few steps. */
const TRIES = 1000;

/** One agent's side of recovery, for all locks of a parking lot. */
export class RwsemRecovery implements ReadByMany, HeldByOne {
  readonly countsWhileLeaving = false;
  protected readonly lot: ParkingLot;
  private readonly words: Words;
  private readonly agentsMax: number;
  private readonly fixedLocks: readonly WordIndex[];

  /** @param host Of the pool: its pool lock and structure locks. */
  constructor(lot: ParkingLot, host: StrategyHost) {
    this.lot = lot;
    this.words = lot.words;
    this.agentsMax = host.agentsMax;
    const structure = Array.from({ length: host.lockCount }, (_, index) => host.lockBase + index * host.lockStride);
    this.fixedLocks = [host.poolBase, ...structure];
  }

  holderOf(lock: WordIndex): AgentIndex {
    // order: acquire, pairs with writeUnlock. Of a dead holder: its certificate orders what it wrote.
    const word = Atomics.load(this.words, lock);
    return (word & WRITER) === 0 ? 0 : ownerOf(word);
  }

  releaseFor(lock: WordIndex, dead: AgentIndex): void {
    if (this.holderOf(lock) !== dead) return;
    // order: release, pairs with every lock call. Nobody but its holder and heir changes these bits; waiters are woken later.
    Atomics.and(this.words, lock, ~(WRITER | OWNER));
  }

  closeCount(lock: WordIndex, isDead: IsDead): boolean {
    const bucket = this.lot.bucketOf(lock);
    if (!this.takeBucket(bucket, isDead)) return false;
    // order: acquire and release, pairs with readLock and readUnlock. Steps of readers that come later see BROKEN.
    Atomics.or(this.words, lock, BROKEN);
    return true;
  }

  countOf(lock: WordIndex): number {
    // order: acquire, pairs with readLock and readUnlock. What readers said of themselves before is visible.
    return readersOf(Atomics.load(this.words, lock));
  }

  hasBeenGranted(lock: WordIndex, agent: AgentIndex): boolean {
    const node = agent * NODES;
    return this.lot.lockOf(node) === lock && this.lot.parkState(node) === GRANTED;
  }

  openCount(lock: WordIndex, surplus: number): void {
    const bucket = this.lot.bucketOf(lock);
    const isQueued = this.lot.first(bucket, lock) !== 0;
    // order: release, pairs with readLock.
    Atomics.sub(this.words, lock, surplus * READER);
    Atomics.and(this.words, lock, ~(BROKEN | (isQueued ? 0 : QUEUED | HANDOFF | WAKING)));
    this.lot.unlockBucket(bucket);
  }

  /** Mends the queues of all buckets without the dead. False: a live agent keeps a bucket lock for too long. */
  bury(dead: AgentIndex, isDead: IsDead): boolean {
    const { lot } = this;
    const { buckets, bucketCount } = lot.place;
    for (let i = 0; i < bucketCount; i++) {
      const bucket = buckets + i * BUCKET_WORDS;
      if (!this.takeBucket(bucket, isDead)) return false;
      this.mend(bucket, isDead);
      lot.unlockBucket(bucket);
    }
    const own = dead * NODES;
    for (let node = own; node < own + NODES; node++) lot.setIdle(node);
    return true;
  }

  /** Wakes everybody who sleeps, to try again, and whoever was woken and not told. */
  wakeAll(): void {
    const { lot } = this;
    const { buckets, bucketCount } = lot.place;
    for (let i = 0; i < bucketCount; i++) {
      const bucket = buckets + i * BUCKET_WORDS;
      if (!this.takeBucket(bucket, () => false)) continue;
      for (const node of lot.nodesOf(bucket, this.agentsMax)) {
        if (lot.parkState(node) === PARKED) lot.wake(node, WOKEN);
      }
      lot.unlockBucket(bucket);
    }
    for (let node = NODES; node < (this.agentsMax + 1) * NODES; node++) lot.notify(node);
  }

  /** Gets a bucket lock, or inherits it. False when it takes too long. */
  protected takeBucket(bucket: WordIndex, isDead: IsDead): boolean {
    for (let i = 0; i < TRIES; i++) {
      if (this.lot.tryLockBucket(bucket) || isDead(this.lot.holderOf(bucket))) return true;
    }
    return false;
  }

  private mend(bucket: WordIndex, isDead: IsDead): void {
    const { lot, words } = this;
    const linked = lot.nodesOf(bucket, this.agentsMax);
    const kept = linked.filter((node) => this.waits(node, isDead));
    for (let node = NODES; node < (this.agentsMax + 1) * NODES; node++) {
      const isLost = this.waits(node, isDead) && lot.bucketOf(lot.lockOf(node)) === bucket && !kept.includes(node);
      if (isLost) kept.push(node);
    }
    lot.setNodes(bucket, kept);
    for (const node of kept) lot.setFlags(node, lot.flagsOf(node) & ~RESERVED);
    const awaited = new Set(kept.map((node) => lot.lockOf(node)));
    const touched = new Set([...linked.map((node) => lot.lockOf(node)), ...awaited]);
    for (const lock of this.fixedLocks) if (lot.bucketOf(lock) === bucket) touched.add(lock);
    for (const lock of touched) {
      // order: relaxed. These bits change under the bucket lock only.
      Atomics.and(words, lock, ~(HANDOFF | WAKING | (awaited.has(lock) ? 0 : QUEUED)));
      if (awaited.has(lock)) Atomics.or(words, lock, QUEUED);
    }
  }

  private waits(node: NodeNumber, isDead: IsDead): boolean {
    const state = this.lot.parkState(node);
    return !isDead(Math.floor(node / NODES)) && (state === PARKED || state === WOKEN);
  }
}
