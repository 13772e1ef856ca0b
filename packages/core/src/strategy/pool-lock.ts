// Lookups in the kernel's order: pool (read), decode the cell, zspage (read), drop pool.
//
// RULES
//   1. A mover holds the pool lock for writing, then the class lock, then tries the zspage lock.
//   2. A free takes the pool lock for reading only until it has the class lock.
//
// Source: the lock order of Linux mm/zsmalloc.c.

import type { WordIndex } from '../words/agent.ts';
import type { Location, StrategyHost, StrategyRecovery } from './contract.ts';
import type { Mutex, RwLock, TryRwLock } from './locks.ts';
import { ENTERING, INSIDE, LEAVING, LOCK_SHIFT } from './read-table.ts';
import { LockBased } from './zspage-locks.ts';
import { isLocation } from '../handles.ts';
import { corruptError } from '../invariant.ts';
import { OWNER_CLASS_MASK } from '../state.ts';

/** A pool lock makes lookups and moves exclude each other. */
export class PoolLockStrategy extends LockBased {
  override readonly recovery: StrategyRecovery | undefined;
  private readonly poolLock: RwLock;
  private readonly poolWord: WordIndex;
  /** As in ReadTable, whose steps for the pool lock are written out here: this is the hottest path of all. */
  private readonly lookup: WordIndex;
  private readonly alarm: WordIndex;

  constructor(host: StrategyHost, mutex: Mutex, zspageLock: TryRwLock, poolLock: RwLock) {
    super(host, mutex, zspageLock);
    this.poolLock = poolLock;
    this.poolWord = host.poolBase;
    this.lookup = host.reads.lookup;
    this.alarm = host.reads.alarm;
    this.recovery = this.recoveryWith(poolLock);
  }

  readBegin(cell: WordIndex): Location {
    this.enterPool();
    // Plain: only movers change the cell of a live object, and the pool lock shuts them out.
    const location = this.words[cell]!;
    if (!isLocation(location)) {
      this.leavePool();
      return 0;
    }
    let word = 0;
    try {
      word = this.zspageWordOf(location);
      this.reads.enter(word);
      this.zspageLock.readLock(word);
      this.reads.entered(word);
    } catch (error) {
      this.reads.left();
      this.leavePool();
      throw error;
    }
    this.leavePool();
    // A free that raced with this read by mistake has changed the cell before it let go of the zspage.
    if (this.words[cell] === location) return location;
    this.leave(word);
    return 0;
  }

  lockClassOf(cell: WordIndex): number {
    this.enterPool();
    const location = this.words[cell]!;
    const owner = isLocation(location) ? this.ownerOf(location) : 0;
    if (owner === 0) {
      this.leavePool();
      return -1;
    }
    const classIndex = owner & OWNER_CLASS_MASK;
    if (classIndex >= this.host.lockCount - 2) {
      this.leavePool();
      throw corruptError('words-in-range', `class ${classIndex} of location`, location);
    }
    try {
      this.lock(classIndex);
    } finally {
      this.leavePool();
    }
    // Two frees of one handle may race to this point; the loser must not free what is no longer there.
    const current = this.words[cell]!;
    if (isLocation(current) && (this.ownerOf(current) & OWNER_CLASS_MASK) === classIndex) return classIndex;
    this.unlock(classIndex);
    return -1;
  }

  moveBegin(): void {
    this.poolLock.writeLock(this.poolWord);
  }

  moveEnd(): void {
    this.poolLock.writeUnlock(this.poolWord);
  }

  isMoveContended(): boolean {
    return this.poolLock.isContended(this.poolWord);
  }

  private enterPool(): void {
    const { words, lookup, poolWord } = this;
    words[lookup] = (poolWord << LOCK_SHIFT) | ENTERING;
    try {
      this.poolLock.readLock(poolWord);
    } catch (error) {
      this.reads.leftPool();
      throw error;
    }
    words[lookup] = (poolWord << LOCK_SHIFT) | INSIDE;
  }

  private leavePool(): void {
    const { words, lookup, poolWord } = this;
    words[lookup] = (poolWord << LOCK_SHIFT) | LEAVING;
    this.poolLock.readUnlock(poolWord);
    if (words[this.alarm] === 0) words[lookup] = 0;
    else this.reads.leftPool();
  }

  publish(cell: WordIndex, location: Location): void {
    // order: release, pairs with readNext. All other lookups take the pool lock, which the mover holds for writing.
    Atomics.store(this.words, cell, location);
  }
}
