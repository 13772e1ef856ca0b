// Finds what a death has lost of the page allocator and of the stock of handle cells, and builds their lists anew.
//
// WHAT COUNTS
//   A page is in use when it says whose zspage it is in, when the handle directory names it, or when a live agent has it in
//   hand. All others that were ever used are free.
//   A zspage is in use when a page says so and it is on a list, or a live agent has it in hand. One that is off the lists and
//   in nobody's hand was on its way back.
//   A cell is free when it says so, or has never said anything.
//
// RULES
//   1. The caller has every structure lock, or works in the name of a dead holder, and has rebuilt the classes that the
//      dead were changing.
//   2. Done twice, it comes to the same.

import { GROUP_ISOLATED } from '../fullness.ts';
import { CELL_FREE } from '../handles.ts';
import type { HandleTable } from '../handles.ts';
import { expectInvariant } from '../invariant.ts';
import { CLASS, HEADER, PAGE, ZSPAGE } from '../layout/records.ts';
import { OWNER_SHIFT } from '../state.ts';
import type { PoolState } from '../state.ts';
import type { PageIndex, ZspageIndex } from '../strategy/contract.ts';
import type { WordIndex, Words } from '../words/agent.ts';
import type { ZspageLists } from '../zspages.ts';
import type { InHand } from './survey.ts';

const { pageFreeHead, pageFreeCount, pageFresh, zspageFreeHead, zspageFresh, zspageCount } = HEADER.at;
const { cellFresh, cellFreeHead, cellPages } = HEADER.at;
const { owner: pageOwner, link } = PAGE.at;

/** See the head of the file. */
export class PageAccounts {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly lists: ZspageLists;

  constructor(state: PoolState, handles: HandleTable, lists: ZspageLists) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.lists = lists;
  }

  /** Checks the counters by which every walk of a recovery is bounded. @throws ERR_ZS_CORRUPT. */
  expectBounds(): void {
    const { firstPage, pages } = this.state.plan;
    const [page, zspage] = [this.words[pageFresh]!, this.words[zspageFresh]!];
    expectInvariant(page >= firstPage && page <= pages, 'pages-accounted', 'fresh', page);
    expectInvariant(zspage >= 1 && zspage <= pages + 1, 'records-accounted', 'fresh', zspage);
  }

  /** Builds the lists of free pages and of free zspage records. Returns how many more pages are free than before. */
  settlePages(inHand: InHand): number {
    const { words, state } = this;
    const fresh = words[pageFresh]!;
    const cells = this.pagesOfCells(fresh);
    const before = words[pageFreeCount]!;
    const zspages = new Set(inHand.zspages);
    const free: PageIndex[] = [];
    for (let page = state.plan.firstPage; page < fresh; page++) {
      const zspage = words[state.pageWord(page) + pageOwner]! >>> OWNER_SHIFT;
      if (zspage !== 0 && this.isInUse(zspage, inHand)) zspages.add(zspage);
      else if (!cells.has(page) && !inHand.pages.has(page)) free.push(page);
    }
    this.linkPages(free);
    this.linkRecords(zspages);
    return free.length - before;
  }

  private isInUse(zspage: ZspageIndex, inHand: InHand): boolean {
    const isRecord = zspage < this.words[zspageFresh]!;
    return isRecord && (this.lists.group(zspage) !== GROUP_ISOLATED || inHand.zspages.has(zspage));
  }

  private pagesOfCells(fresh: number): Set<PageIndex> {
    const { words, state } = this;
    const { directoryBase, cellBits, pageWords, firstPage } = state.plan;
    const found = new Set<PageIndex>();
    for (let entry = 0; entry < Math.ceil(2 ** cellBits / pageWords); entry++) {
      const page = words[directoryBase + entry]!;
      if (page === 0) continue;
      expectInvariant(page >= firstPage && page < fresh && !found.has(page), 'pages-accounted', 'cells in page', page);
      found.add(page);
    }
    words[cellPages] = found.size;
    return found;
  }

  private linkPages(free: readonly PageIndex[]): void {
    const { words, state } = this;
    words[pageFreeHead] = 0;
    words[pageFreeCount] = free.length;
    for (const page of free.toReversed()) {
      const word = state.pageWord(page);
      // order: release, pairs with the look-again of lookups.
      Atomics.store(words, word + pageOwner, 0);
      words[word + link] = words[pageFreeHead]!;
      words[pageFreeHead] = page;
    }
  }

  private linkRecords(inUse: ReadonlySet<ZspageIndex>): void {
    const { words, state } = this;
    const fresh = words[zspageFresh]!;
    words[zspageFreeHead] = 0;
    words[zspageCount] = inUse.size;
    for (let zspage = fresh - 1; zspage >= 1; zspage--) {
      if (inUse.has(zspage)) continue;
      words[state.zspageWord(zspage) + ZSPAGE.at.next] = words[zspageFreeHead]!;
      words[zspageFreeHead] = zspage;
    }
  }

  /** Makes the stock of free cells what can be reached from its head. Caller holds: the handles lock. */
  mendStock(): void {
    this.handles.mendList(cellFreeHead);
  }

  /** Puts every free cell that is in no list into the stock. */
  settleCells(): void {
    const { words, state, handles } = this;
    const listed = new Set<number>();
    const note = (list: WordIndex): void => {
      for (const cell of handles.mendList(list)) {
        expectInvariant(!listed.has(cell), 'cells-accounted', 'two lists of free cells have cell', cell);
        listed.add(cell);
      }
    };
    note(cellFreeHead);
    for (let ordinal = 0; ordinal < state.plan.shape.classes.length; ordinal++) {
      note(state.classWord(ordinal) + CLASS.at.cellHead);
    }
    const fresh = words[cellFresh]!;
    expectInvariant(fresh >= 1 && fresh <= state.plan.cellsMax + 1, 'cells-accounted', 'fresh', fresh);
    const skipped = state.key & handles.cellMask;
    for (let cell = 1; cell < fresh; cell++) {
      const word = handles.cellOf(cell);
      if (word === 0 || cell === skipped || listed.has(cell)) continue;
      const value = words[word]!;
      if (value !== 0 && (value & CELL_FREE) === 0) continue;
      words[word] = CELL_FREE | (value & ~handles.cellMask);
      handles.append(cellFreeHead - CLASS.at.cellHead, cell);
    }
  }
}
