// What strategies of plain locks share: structure locks, zspage locks, and reclaiming at once.
//
// RULES
//   1. Readers of a zspage exclude movers; a place that was moved away is therefore unseen, and is reclaimed at once.
//   2. An agent says in its record which reader counts it enters and leaves (read-table.ts): a death must not leave one wrong.

import type { WordIndex } from '../words/agent.ts';
import type { Location, StrategyHost, StrategyRecovery, ZspageIndex } from './contract.ts';
import type { Mutex, RwLock, TryRwLock } from './locks.ts';
import type { ReadTable } from './read-table.ts';
import { ReclaimsAtOnce } from './reclaims-at-once.ts';
import { isLocation } from '../handles.ts';
import { corruptError } from '../invariant.ts';
import { PAGE } from '../layout/records.ts';
import { OWNER_SHIFT } from '../state.ts';

/** See the head of the file. */
export abstract class LockBased extends ReclaimsAtOnce {
  protected readonly mutex: Mutex;
  protected readonly zspageLock: TryRwLock;
  protected readonly reads: ReadTable;
  private readonly lockBase: WordIndex;
  private readonly lockStride: number;
  private readonly zspageBase: WordIndex;
  private readonly zspageStride: number;
  private readonly zspagesMax: number;
  private readonly pageBase: WordIndex;
  private readonly indexBits: number;

  constructor(host: StrategyHost, mutex: Mutex, zspageLock: TryRwLock) {
    super(host);
    this.mutex = mutex;
    this.zspageLock = zspageLock;
    this.reads = host.reads;
    this.lockBase = host.lockBase;
    this.lockStride = host.lockStride;
    this.zspageBase = host.zspageBase;
    this.zspageStride = host.zspageStride;
    this.zspagesMax = host.zspagesMax;
    this.pageBase = host.pageBase;
    this.indexBits = host.indexBits;
  }

  protected zspageWord(zspage: ZspageIndex): WordIndex {
    return this.zspageBase + zspage * this.zspageStride;
  }

  /** Owner word of the page that a location names. Plain: a hint, or under a lock that makes it true. */
  protected ownerOf(location: Location): number {
    return this.words[this.pageBase + (location >>> this.indexBits) * PAGE.words]!;
  }

  /** Lock word of the zspage that a location lies in; a hint like `ownerOf`. */
  protected zspageWordOf(location: Location): WordIndex {
    const zspage = this.ownerOf(location) >>> OWNER_SHIFT;
    if (zspage > this.zspagesMax) throw corruptError('words-in-range', `zspage ${zspage} of location`, location);
    return this.zspageWord(zspage);
  }

  readEnd(zspage: ZspageIndex): void {
    this.leave(this.zspageBase + zspage * this.zspageStride);
  }

  /** Who is inside a zspage keeps movers out of it, so what a cell says to lie there stays there. */
  readNext(cell: WordIndex, zspage: ZspageIndex): Location {
    // A hint: plain and possibly stale, and so is its owner.
    const location = this.words[cell]!;
    if (!isLocation(location) || this.ownerOf(location) >>> OWNER_SHIFT !== zspage) return 0;
    // order: acquire, pairs with publish: what a mover has copied here is visible. Equal: no page leaves a zspage that
    // somebody is inside, so the hint's owner still is the owner, and a free and a new use of the page did not come between.
    return Atomics.load(this.words, cell) === location ? location : 0;
  }

  writeNext(cell: WordIndex, zspage: ZspageIndex): Location {
    return this.readNext(cell, zspage);
  }

  /** Enters a zspage lock, and says so. */
  protected enter(word: WordIndex): void {
    const { reads } = this;
    reads.enter(word);
    try {
      this.zspageLock.readLock(word);
    } catch (error) {
      reads.left();
      throw error;
    }
    reads.entered(word);
  }

  protected leave(word: WordIndex): void {
    const { reads } = this;
    reads.leave(word);
    this.zspageLock.readUnlock(word);
    reads.left();
  }

  protected recoveryWith(pool: RwLock | undefined): StrategyRecovery | undefined {
    const structure = this.mutex.recovery;
    const zspages = this.zspageLock.recovery;
    if (structure === undefined || zspages === undefined || (pool !== undefined && pool.recovery === undefined)) return;
    const { poolBase } = this.host;
    const lock = (index: number): WordIndex => this.lockBase + index * this.lockStride;
    return {
      oneLock: false,
      bury: () => true,
      holderOf: (index) => structure.holderOf(lock(index)),
      releaseFor: (index, dead) => structure.releaseFor(lock(index), dead),
      moverOf: () => pool?.recovery!.holderOf(poolBase) ?? 0,
      releaseMoveFor: (dead) => pool?.recovery!.releaseFor(poolBase, dead),
      relocatorOf: (zspage) => zspages.holderOf(this.zspageWord(zspage)),
      releaseRelocationFor: (zspage, dead) => zspages.releaseFor(this.zspageWord(zspage), dead),
      countedLock: (word) => (pool !== undefined && word === poolBase ? pool.recovery! : zspages),
      wakeAll: () => {},
    };
  }

  lock(index: number): void {
    this.mutex.lock(this.lockBase + index * this.lockStride);
  }

  tryLock(index: number): boolean {
    return this.mutex.tryLock(this.lockBase + index * this.lockStride);
  }

  unlock(index: number): void {
    this.mutex.unlock(this.lockBase + index * this.lockStride);
  }

  isContended(index: number): boolean {
    return this.mutex.isContended(this.lockBase + index * this.lockStride);
  }

  relocateBegin(zspage: ZspageIndex): boolean {
    return this.zspageLock.tryWriteLock(this.zspageWord(zspage));
  }

  relocateEnd(zspage: ZspageIndex): void {
    this.zspageLock.writeUnlock(this.zspageWord(zspage));
  }
}
