// Allocating and freeing objects.
//
// RULES
//   1. malloc and free of an object take its class lock; the handle stock and the page allocator are asked under it.
//   2. A zspage is given back when its last object goes, after the class lock is dropped. If somebody is inside its
//      zspage lock just then, it stays in the empty group, still allocatable, and goes when it is emptied again, or with
//      the next compaction, shrink or shortage of pages.
//   3. Whatever throws has changed nothing.

import { GROUP_DRAINING, GROUP_EMPTY, GROUP_ISOLATED, GROUPS_WITH_ROOM } from './fullness.ts';
import type { AgentCaches } from './caches/agent-caches.ts';
import type { HandleTable } from './handles.ts';
import { hotPaths } from './hot-paths.ts';
import type { HotPaths } from './hot-paths.ts';
import { stepOf } from './invariant.ts';
import { AGENT, CLASS, LENGTH_MASK, PAGE, ZSPAGE } from './layout/records.ts';
import type { PageAllocator } from './pages.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, PageIndex, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex, Words } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { groupMask, groupHeads, inuse, pages: classPages, bytesLow, bytesHigh, cellCount, pending } = CLASS.at;
const { owner: pageOwner, link } = PAGE.at;
const { emptyZspages, emptyPages, moveTo } = AGENT.at;
/** `pending` of a class whose lists change without an object being allocated or freed. */
export const PENDING_OTHER = 1;

/** Carry between the two words of a byte count. */
export const BYTES_UNIT: number = 2 ** 30;

/** See the head of the file. */
export class Objects {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly pages: PageAllocator;
  private readonly lists: ZspageLists;
  private readonly hugeOrdinal: number;
  /** What malloc and free do when nothing is missing. */
  hot: HotPaths;
  private caches: AgentCaches | undefined;
  /** Component pages that this agent has taken from classes since it attached: by frees, compaction and reclaiming. */
  pagesFreed = 0;
  /** Words of this agent's record: what is off all lists, to be returned once no class lock is held. */
  private readonly emptyZspages: WordIndex;
  private readonly emptyPages: WordIndex;

  constructor(state: PoolState, handles: HandleTable, pages: PageAllocator, lists: ZspageLists) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.pages = pages;
    this.lists = lists;
    this.hugeOrdinal = state.plan.shape.classes.length - 1;
    this.emptyZspages = state.record + emptyZspages;
    this.emptyPages = state.record + emptyPages;
    this.hot = hotPaths(state, handles, this);
  }

  /** Puts this agent's caches in front of malloc and free. */
  useCaches(caches: AgentCaches): void {
    this.caches = caches;
    this.hot = { ...this.hot, allocate: caches.hot.allocate, free: caches.hot.free };
  }

  /** Allocates; 0 when the pool is full. Source: zs_malloc(). */
  allocate(sizeBytes: number): number {
    const handle = this.hot.allocate(sizeBytes);
    return handle === 0 && this.collect() ? this.hot.allocate(sizeBytes) : handle;
  }

  /** Frees. Source: zs_free(). */
  free(handle: number): void {
    this.hot.free(handle);
    if (this.words[this.emptyZspages] !== 0) this.releaseReclaimed();
  }

  /** Length of the object at `location`, as requested. */
  lengthAt(ordinal: number, location: Location): number {
    const { state } = this;
    return this.words[state.lengthWord(ordinal, state.headerWord(ordinal, location))]! & LENGTH_MASK;
  }

  /** Part of StrategyHost. */
  slotAt(zspage: ZspageIndex, index: number): Location {
    const first = this.words[this.state.zspageWord(zspage) + ZSPAGE.at.firstPage]!;
    const ordinal = this.words[this.state.pageWord(first) + PAGE.at.owner]! & OWNER_CLASS_MASK;
    return this.lists.locate(first, index, this.state.tables.sizeBytes[ordinal]!);
  }

  /** Part of StrategyHost. */
  slotsInUse(zspage: ZspageIndex): number {
    return this.lists.inuse(zspage);
  }

  /** Part of StrategyHost. */
  spareWord(location: Location): WordIndex {
    const ordinal = this.state.ownerOf(location) & OWNER_CLASS_MASK;
    return ordinal === this.hugeOrdinal ? 0 : this.state.headerWord(ordinal, location) + 1;
  }

  /** Part of StrategyHost. */
  reclaimPlace(location: Location): void {
    const owner = this.state.ownerOf(location);
    const ordinal = owner & OWNER_CLASS_MASK;
    this.putSlot(ordinal, this.state.classWord(ordinal), owner >>> OWNER_SHIFT, location);
  }

  /** Part of StrategyHost. Caller holds: the class lock. The page is in no chain, and vacant from here on. */
  reclaimPage(page: PageIndex): void {
    const { words } = this;
    const word = this.state.pageWord(page);
    // order: release, pairs with the look-again of lookups. A stale hint finds "no zspage" and asks the cell again.
    Atomics.store(words, word + pageOwner, 0);
    words[word + link] = words[this.emptyPages]!;
    words[this.emptyPages] = page;
  }

  /**
   * Part of StrategyHost. Keeps what it cannot return without waiting where waiting is forbidden: it must not throw.
   * False when it kept something.
   */
  releaseReclaimed(): boolean {
    const { words, state } = this;
    const { record } = state;
    if (words[record + emptyZspages] === 0 && words[record + emptyPages] === 0 && words[record + moveTo] === 0)
      return true;
    const { strategy, plan, agent } = state;
    if (agent.mayBlock) strategy.lock(plan.pagesLock);
    else if (!strategy.tryLock(plan.pagesLock)) return false;
    this.pages.releaseEmptyLocked(record);
    strategy.unlock(plan.pagesLock);
    return true;
  }

  /** Takes what lies in the empty group of a class from it. Caller holds: the class lock. */
  dropEmpty(ordinal: number): void {
    const base = this.state.classWord(ordinal);
    if ((this.words[base + groupMask]! & (1 << GROUP_EMPTY)) === 0) return;
    let zspage = this.words[base + groupHeads + GROUP_EMPTY]!;
    for (let steps = this.state.plan.pages; zspage !== 0;) {
      steps = stepOf(steps, 'the list of empty zspages with', zspage);
      const following = this.words[this.state.zspageWord(zspage) + ZSPAGE.at.next]!;
      this.retireIfEmpty(ordinal, zspage);
      zspage = following;
    }
  }

  /** Takes an empty zspage from its class, unless somebody is inside it. Caller holds: the class lock. */
  retireIfEmpty(ordinal: number, zspage: ZspageIndex): boolean {
    const { strategy } = this.state;
    if (!strategy.relocateBegin(zspage)) return false;
    this.retireIsolated(ordinal, zspage);
    strategy.relocateEnd(zspage);
    return true;
  }

  /** Takes an empty zspage that the caller has shut to readers from its class. Caller holds: the class lock. */
  retireIsolated(ordinal: number, zspage: ZspageIndex): void {
    this.pagesFreed += this.lists.pages(ordinal, zspage);
    this.lists.disown(ordinal, zspage);
    this.words[this.state.zspageWord(zspage) + ZSPAGE.at.next] = this.words[this.emptyZspages]!;
    this.words[this.emptyZspages] = zspage;
  }

  /** Fresh slots, huge objects, and whatever needs a page or cells. Caller holds: the class lock, which this drops. */
  allocateSlow(ordinal: number, base: WordIndex, sizeBytes: number): number {
    const { words, state, handles } = this;
    words[base + pending] = PENDING_OTHER;
    const location = this.takeSlotSlow(ordinal, base);
    if (location === 0) return 0;
    const tagged = (handles.first(base) << 1) | 1;
    words[base + pending] = tagged;
    const raw = handles.take(base);
    const header = state.headerWord(ordinal, location);
    words[header] = tagged;
    words[state.lengthWord(ordinal, header)] = sizeBytes;
    words[base + inuse]! += 1;
    words[base + bytesLow]! += sizeBytes;
    if (words[base + bytesLow]! >= BYTES_UNIT) this.carry(base);
    words[handles.cellWord(raw & handles.cellMask)] = location;
    words[state.record + AGENT.at.lastMalloc] = tagged;
    words[base + pending] = 0;
    state.strategy.unlock(ordinal);
    return handles.handleOf(raw);
  }

  /** Gets the class a free cell and a page, then takes a slot. 0, and the class lock dropped, when the pool is full. */
  private takeSlotSlow(ordinal: number, base: WordIndex): Location {
    const { words, lists } = this;
    let location = 0;
    try {
      let zspage = lists.fullest(base, GROUPS_WITH_ROOM);
      if (words[base + cellCount] === 0) {
        // A page of cells is never given back: none is taken where the object itself would then lack a page.
        const needsPage = zspage === 0 || (lists.mustGrow(ordinal, zspage) && lists.roomInPlace(ordinal, base) === 0);
        if (!this.handles.refill(base, needsPage ? 1 : 0)) return 0;
      }
      let grown = false;
      if (zspage === 0) {
        zspage = this.pages.newZspage(ordinal);
        if (zspage === 0) return 0;
        lists.adopt(ordinal, zspage);
      } else if (lists.mustGrow(ordinal, zspage)) {
        grown = this.pages.grow(zspage, ordinal);
        if (grown) words[base + classPages]! += 1;
        else zspage = lists.roomInPlace(ordinal, base);
      }
      if (zspage !== 0) location = lists.takeSlotOf(ordinal, base, zspage, grown);
    } finally {
      if (location === 0) {
        words[base + pending] = 0;
        this.state.strategy.unlock(ordinal);
      }
    }
    return location;
  }

  /** Collects what may be free already: cached objects, reclaimable records, empty zspages, cells at hand. True when a retry may help. */
  private collect(): boolean {
    const { strategy, plan } = this.state;
    let gained = Number(this.caches?.collect() ?? false) + strategy.reclaim(true) > 0;
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) {
      strategy.lock(ordinal);
      const base = this.state.classWord(ordinal);
      this.words[base + pending] = PENDING_OTHER;
      this.dropEmpty(ordinal);
      if (this.words[base + cellCount]! > 0) {
        this.handles.giveBack(base, this.words[base + cellCount]!);
        gained = true;
      }
      this.words[base + pending] = 0;
      strategy.unlock(ordinal);
    }
    gained ||= this.words[this.emptyZspages] !== 0;
    this.releaseReclaimed();
    return gained;
  }

  reclaimHuge(location: Location): void {
    const { words } = this;
    const owner = this.state.ownerOf(location);
    const base = this.state.classWord(this.hugeOrdinal);
    const tagged = words[this.state.headerWord(this.hugeOrdinal, location)]!;
    const raw = tagged >>> 1;
    words[base + pending] = tagged;
    words[base + inuse]! -= 1;
    words[base + bytesLow]! -= this.lengthAt(this.hugeOrdinal, location);
    if (words[base + bytesLow]! < 0) this.carry(base);
    this.handles.put(base, raw);
    this.putSlot(this.hugeOrdinal, base, owner >>> OWNER_SHIFT, location);
    words[base + pending] = 0;
  }

  private putSlot(ordinal: number, base: WordIndex, zspage: ZspageIndex, location: Location): void {
    const left = this.lists.putSlot(ordinal, base, zspage, location);
    if (left === 0) this.dropIfEmpty(ordinal, zspage);
  }

  /** Refiles a zspage whose usage has changed its fullness group, unless it is isolated; gives an empty one back. */
  regroup(ordinal: number, zspage: ZspageIndex): void {
    if (this.lists.group(zspage) < GROUP_ISOLATED) {
      this.lists.isolate(ordinal, zspage);
      this.lists.putback(ordinal, zspage);
    }
    if (this.lists.inuse(zspage) === 0) this.dropIfEmpty(ordinal, zspage);
  }

  /** Gives back a zspage whose last slot was reclaimed; one that is busy waits in the empty group. */
  private dropIfEmpty(ordinal: number, zspage: ZspageIndex): void {
    const group = this.lists.group(zspage);
    if (group === GROUP_ISOLATED) return;
    if (!this.retireIfEmpty(ordinal, zspage) && group === GROUP_DRAINING) this.lists.undrain(ordinal, zspage);
  }

  /** Brings the low word of a class's byte count back into 0 to 2^30 - 1. */
  carry(base: WordIndex): void {
    const { words } = this;
    const units = words[base + bytesLow]! < 0 ? -1 : 1;
    words[base + bytesLow]! -= units * BYTES_UNIT;
    words[base + bytesHigh]! += units;
  }
}
