// Page migration: moves the content of one component page elsewhere, and points the handles to the new page.
//
// isolate   the page must belong to a zspage, and a free page is taken as the target
// migrate   under move, class and (tried) zspage locks: copy, mend free list and chain, publish each cell
// putback   when the zspage is busy or has gone: the target page goes back, nothing has changed
//
// RULES
//   1. Only slots that start in the page get a new location; one that merely ends there keeps its own.
//   2. A page of handle cells never moves, and neither do the tables.
//   3. The agent's record names both pages. Once the target is in the chain, the content is there: who recovers goes on.
//
// Source: zs_page_isolate(), zs_page_migrate() and zs_page_putback() in Linux mm/zsmalloc.c.

import type { MigrateResult } from './api.ts';
import type { AgentCaches } from './caches/agent-caches.ts';
import { ZsmallocError } from './errors.ts';
import { GROUP_ISOLATED } from './fullness.ts';
import { CELL_RETIRED } from './handles.ts';
import type { HandleTable } from './handles.ts';
import { stepOf } from './invariant.ts';
import { AGENT, CLASS, HEADER, PAGE, ZSPAGE } from './layout/records.ts';
import { lockForMove, unlockAfterMove } from './move-locks.ts';
import type { PageAllocator } from './pages.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, PageIndex, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import { PENDING_OTHER } from './objects.ts';
import type { Objects } from './objects.ts';
import type { ZspageLists } from './zspages.ts';

const { owner: pageOwner, link } = PAGE.at;
const { freeHead, firstPage } = ZSPAGE.at;
const { moveFrom, moveTo } = AGENT.at;
const { pending } = CLASS.at;

/** What migration works with. */
export interface MigratorParts {
  readonly state: PoolState;
  readonly handles: HandleTable;
  readonly pages: PageAllocator;
  readonly lists: ZspageLists;
  readonly objects: Objects;
  readonly caches: AgentCaches | undefined;
}

/** See the head of the file. */
export class Migrator {
  private readonly state: PoolState;
  private readonly handles: HandleTable;
  private readonly pages: PageAllocator;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;

  private readonly caches: AgentCaches | undefined;

  constructor(parts: MigratorParts) {
    this.state = parts.state;
    this.handles = parts.handles;
    this.pages = parts.pages;
    this.lists = parts.lists;
    this.objects = parts.objects;
    this.caches = parts.caches;
  }

  /** May wait: for the pages, move and class locks. */
  migrate(page: PageIndex): MigrateResult {
    const { plan } = this.state;
    if (!Number.isInteger(page) || page < plan.firstPage || page >= plan.pages) {
      throw new ZsmallocError(
        'ERR_ZS_BAD_PAGE',
        `cannot migrate page ${String(page)}: component pages of this pool are ${plan.firstPage} to ${plan.pages - 1}. Divide an offset into the pool's bytes by the page size.`,
        { page: Number(page), pageMin: plan.firstPage, pageMax: plan.pages - 1 },
      );
    }
    this.state.checkAlarm();
    if (this.ownerOf(page) === 0) return { result: 'vacant', page, patchedCells: 0 };
    // One that could not be given back at once is still there.
    const entry = this.state.record + moveTo;
    const target = this.state.words[entry]! || this.pages.takePageFor(entry);
    if (target === 0) return { result: 'full', page, patchedCells: 0 };
    let patchedCells = -1;
    let vacant = true;
    try {
      ({ patchedCells, vacant } = this.moveTo(page, target));
    } finally {
      if (patchedCells < 0) this.objects.releaseReclaimed();
    }
    if (patchedCells >= 0) return { result: 'migrated', page: target, patchedCells };
    return { result: vacant ? 'vacant' : 'busy', page, patchedCells: 0 };
  }

  private ownerOf(page: PageIndex): number {
    return this.state.words[this.state.pageWord(page) + pageOwner]!;
  }

  private moveTo(page: PageIndex, target: PageIndex): { patchedCells: number; vacant: boolean } {
    const { strategy, words } = this.state;
    const ordinal = this.ownerOf(page) & OWNER_CLASS_MASK;
    lockForMove(strategy, ordinal);
    // First: that may empty the zspage.
    const isClear = this.caches === undefined || this.caches.clear(ordinal);
    const owner = this.ownerOf(page);
    const zspage = owner >>> OWNER_SHIFT;
    // Zspages of the class come and go under its lock only; one that is on its way back to the allocator is isolated,
    // and a page that is on its way back has no owner any more, or is retired and in no chain.
    const vacant =
      owner === 0 ||
      (owner & OWNER_CLASS_MASK) !== ordinal ||
      this.lists.group(zspage) === GROUP_ISOLATED ||
      !this.isInChain(zspage, page);
    let patchedCells = -1;
    if (!vacant && isClear && strategy.relocateBegin(zspage)) {
      const classPending = this.state.classWord(ordinal) + pending;
      words[classPending] = PENDING_OTHER;
      words[this.state.record + moveFrom] = page;
      patchedCells = this.movePage(ordinal, zspage, page, target);
      strategy.retirePage(page);
      words[this.state.record + moveTo] = 0;
      words[this.state.record + moveFrom] = 0;
      words[classPending] = 0;
      strategy.relocateEnd(zspage);
    } else if (!vacant) {
      // order: relaxed. Statistics.
      Atomics.add(words, HEADER.at.busySkips, 1);
    }
    unlockAfterMove(strategy, ordinal);
    this.objects.releaseReclaimed();
    return { patchedCells, vacant };
  }

  /** Caller holds: move, class and zspage. */
  private movePage(ordinal: number, zspage: ZspageIndex, page: PageIndex, target: PageIndex): number {
    const { memory, plan, words } = this.state;
    memory.bytes.copyWithin(target * plan.pageBytes, page * plan.pageBytes, (page + 1) * plan.pageBytes);
    const from = this.state.pageWord(page);
    const to = this.state.pageWord(target);
    words[to + pageOwner] = words[from + pageOwner]!;
    words[to + link] = words[from + link]!;
    const position = this.relink(zspage, page, target);
    if (ordinal === plan.shape.classes.length - 1) return this.patchHuge(zspage, page, target);
    this.mendFreeList(ordinal, zspage, page, target);
    return this.patchCells(ordinal, zspage, page, target, position);
  }

  /**
   * Goes on where an agent died: the target, which is in the chain of its zspage, has the content, but cells may still name
   * the page. The caller rebuilds the free list. Caller holds: move, class and zspage, or has inherited them.
   */
  finish(ordinal: number, zspage: ZspageIndex, page: PageIndex, target: PageIndex): void {
    const { words, plan } = this.state;
    if (ordinal === plan.shape.classes.length - 1) {
      this.patchHuge(zspage, page, target);
      return;
    }
    let position = 0;
    let at = words[this.state.zspageWord(zspage) + firstPage]!;
    for (; at !== target; at = words[this.state.pageWord(at) + link]!) {
      stepOf(this.state.plan.chainPages - position, 'the chain of zspage', zspage);
      position++;
    }
    this.patchCells(ordinal, zspage, page, target, position);
  }

  /** Caller holds: the class lock. */
  isInChain(zspage: ZspageIndex, page: PageIndex): boolean {
    const { words } = this.state;
    let at = words[this.state.zspageWord(zspage) + firstPage]!;
    // The link of a huge page is its handle: that chain has one page.
    const huge = (this.ownerOf(page) & OWNER_CLASS_MASK) === this.state.plan.shape.classes.length - 1;
    for (let steps = this.state.plan.chainPages; !huge && at !== 0 && at !== page;) {
      steps = stepOf(steps, 'the chain of zspage', zspage);
      at = words[this.state.pageWord(at) + link]!;
    }
    return at === page;
  }

  /** Puts the target into the chain; returns the page's position in it. */
  private relink(zspage: ZspageIndex, page: PageIndex, target: PageIndex): number {
    const { words } = this.state;
    const record = this.state.zspageWord(zspage);
    let at = words[record + firstPage]!;
    if (at === page) {
      words[record + firstPage] = target;
      return 0;
    }
    for (let position = 1; ; position++) {
      stepOf(this.state.plan.chainPages + 1 - position, 'the chain of zspage', zspage);
      const word = this.state.pageWord(at) + link;
      at = words[word]!;
      if (at !== page) continue;
      // order: release, pairs with readers of spanning objects. The copy is complete before it can be found.
      Atomics.store(words, word, target);
      return position;
    }
  }

  /** Links of the free list that name the page name the target. Links in the page itself were copied to the target. */
  private mendFreeList(ordinal: number, zspage: ZspageIndex, page: PageIndex, target: PageIndex): void {
    const { words, tables } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const head = this.state.zspageWord(zspage) + freeHead;
    let location = (words[head] = this.renamed(words[head]!, page, target));
    for (let steps = tables.objects[ordinal]!; location !== 0;) {
      steps = stepOf(steps, 'the free list of zspage', zspage);
      const word = this.state.slotWord(location, sizeBytes);
      location = this.renamed(words[word]! >>> 1, page, target);
      words[word] = location << 1;
    }
  }

  private renamed(location: Location, page: PageIndex, target: PageIndex): Location {
    if (location === 0 || this.state.pageOf(location) !== page) return location;
    return this.state.locationOf(target, this.state.indexOf(location));
  }

  private patchCells(
    ordinal: number,
    zspage: ZspageIndex,
    page: PageIndex,
    target: PageIndex,
    position: number,
  ): number {
    const { words, plan, tables } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const end = Math.min(this.lists.used(zspage), Math.ceil(((position + 1) * plan.pageBytes) / sizeBytes));
    let patched = 0;
    for (let index = Math.ceil((position * plan.pageBytes) / sizeBytes); index < end; index++) {
      const header = words[this.state.slotWord(this.state.locationOf(target, index), sizeBytes)]!;
      if ((header & 1) === 1 && this.patch(header, page, target, index)) patched++;
    }
    return patched;
  }

  private patchHuge(zspage: ZspageIndex, page: PageIndex, target: PageIndex): number {
    const header = this.state.words[this.state.pageWord(target) + link]!;
    return this.lists.inuse(zspage) === 1 && this.patch(header, page, target, 0) ? 1 : 0;
  }

  private patch(header: number, page: PageIndex, target: PageIndex, index: number): boolean {
    const cell: WordIndex = this.handles.cellWord((header >>> 1) & this.handles.cellMask);
    const from = this.state.locationOf(page, index);
    const to = this.state.locationOf(target, index);
    const value = this.state.words[cell];
    // A retired cell names its object's place; nobody looks the object up any more.
    if (value === (CELL_RETIRED | from)) this.state.words[cell] = CELL_RETIRED | to;
    if (value !== from) return false;
    this.state.strategy.publish(cell, to);
    return true;
  }
}
