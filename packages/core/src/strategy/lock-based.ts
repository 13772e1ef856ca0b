// Builds a strategy out of plain locks.
//
// With a pool lock, lookups follow the kernel's order: pool (read), decode the cell, zspage (read), drop pool.
// Without one, lookups lock first and validate after: decode the cell as a hint, lock the zspage, and look whether the
// cell still says the same. That is safe because zspage records never become anything else: a lock taken by a stale
// hint is some zspage's lock, and it is given back as soon as the cell disagrees.
//
// RULES
//   1. Readers of a zspage exclude movers; a place that was moved away is therefore unseen, and is reclaimed at once.
//   2. A mover holds the pool lock for writing (if there is one), then the class lock, then tries the zspage lock.
//   3. A free takes the pool lock for reading only until it has the class lock.
//   4. An agent says in its record which reader counts it enters and leaves (read-table.ts): a death must not leave one wrong.

import type { WordIndex } from '../words/agent.ts';
import type { Capabilities, Location, Strategy, StrategyHost, StrategyRecovery, ZspageIndex } from './contract.ts';
import type { LockKind, Mutex, RwLock, TryRwLock } from './locks.ts';
import { ENTERING, INSIDE, LEAVING, LOCK_SHIFT } from './read-table.ts';
import type { ReadTable } from './read-table.ts';
import { lockClassByHint } from './class-by-hint.ts';
import { ReclaimsAtOnce } from './reclaims-at-once.ts';
import { isLocation } from '../handles.ts';
import { corruptError } from '../invariant.ts';
import { PAGE } from '../layout/records.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from '../state.ts';

/** Locks of a lock-based strategy. */
export interface LockBasedOptions<C extends Capabilities> {
  readonly id: string;
  readonly version: number;
  readonly capabilities: C;
  /** Pool lock; left out, lookups lock the zspage first and validate the handle after. */
  readonly pool?: LockKind<RwLock>;
  /** Lock of classes, of the handle stock and of the page allocator. */
  readonly structure: LockKind<Mutex>;
  /** Zspage lock. */
  readonly zspage: LockKind<TryRwLock>;
}

/**
 * Builds a strategy out of plain locks.
 *
 * Blocks: no. Main thread: yes.
 * Source: the lock order of Linux mm/zsmalloc.c (with a pool lock); lock-then-validate (without).
 */
export function lockBased<C extends Capabilities>(options: LockBasedOptions<C>): Strategy<C> {
  const { id, version, capabilities, pool, structure, zspage } = options;
  return {
    id,
    version,
    capabilities,
    words: { pool: pool?.words ?? 0, lock: structure.words, zspage: zspage.words, agent: 0 },
    bind: (host) => {
      const mutex = structure.bind(host.agent);
      const zspageLock = zspage.bind(host.agent);
      return pool === undefined
        ? new ValidatingStrategy(host, mutex, zspageLock)
        : new PoolLockStrategy(host, mutex, zspageLock, pool.bind(host.agent));
    },
  };
}

/** What both orders share: structure locks, zspage locks, and reclaiming at once. */
abstract class LockBased extends ReclaimsAtOnce {
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
    const word = this.zspageBase + zspage * this.zspageStride;
    this.reads.leave(word);
    this.zspageLock.readUnlock(word);
    this.reads.left();
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

/** The kernel's order: a pool lock makes lookups and moves exclude each other. */
class PoolLockStrategy extends LockBased {
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
    // Plain: every lookup takes the pool lock, which the mover holds for writing.
    this.words[cell] = location;
  }
}

/** Lock, then validate: no pool lock, so readers of different zspages share no word. */
class ValidatingStrategy extends LockBased {
  override readonly recovery: StrategyRecovery | undefined;

  constructor(host: StrategyHost, mutex: Mutex, zspageLock: TryRwLock) {
    super(host, mutex, zspageLock);
    this.recovery = this.recoveryWith(undefined);
  }

  readBegin(cell: WordIndex): Location {
    // A hint: plain and possibly stale. What decides is the atomic load under the zspage lock.
    let location = this.words[cell]!;
    for (;;) {
      if (!isLocation(location)) {
        // order: acquire, pairs with publish and with the class lock of malloc. The hint said "no object".
        const current = Atomics.load(this.words, cell);
        if (!isLocation(current)) return 0;
        location = current;
        continue;
      }
      const word = this.zspageWordOf(location);
      this.enter(word);
      // order: acquire, pairs with publish. Equal: no mover can have the zspage from here on, the object stays.
      const current = Atomics.load(this.words, cell);
      if (current === location) return location;
      this.leave(word);
      location = current;
    }
  }

  lockClassOf(cell: WordIndex): number {
    return lockClassByHint(this.host, this, cell);
  }

  moveBegin(): void {}

  moveEnd(): void {}

  isMoveContended(): boolean {
    return false;
  }

  publish(cell: WordIndex, location: Location): void {
    // order: release, pairs with readBegin. Whoever sees the new location sees the bytes that were copied to it.
    Atomics.store(this.words, cell, location);
  }
}
