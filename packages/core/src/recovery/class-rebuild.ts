// Builds a size class anew from what cannot be half done: the headers of its slots and the cells of its handles.
//
// WHAT COUNTS
//   A slot is live when the cell that its header names says that the object is here. Nothing but malloc, a move and a page
//   migration ever says so, each as its last step; so a slot that was being filled, or has been moved out of, is not live.
//   A slot is retired when its header's cell says so, or, with a strategy that reclaims later, when it is tagged without
//   being live: a reader may be in it.
//   A page is in a zspage when the chain leads to it. A zspage exists when its first page says so.
//   A slot is cached when its cell says that it is here and its header says cached: caches/heir.ts sees to those.
//   The object in `pending` was being allocated or freed: it goes.
//
// RULES
//   1. The caller has every structure lock, or works in the name of a dead holder. Readers may be inside zspages: nothing
//      that they can see changes.
//   2. Done twice, it comes to the same: the agent that recovers may die as well.
//   3. What contradicts itself is not guessed at: ERR_ZS_CORRUPT, and the pool is poisoned.

import { GROUP_ISOLATED } from '../fullness.ts';
import { CELL_FREE, CELL_RETIRED, isLocation } from '../handles.ts';
import type { HandleTable } from '../handles.ts';
import { expectInvariant } from '../invariant.ts';
import { CLASS, HEADER, LENGTH_MASK, PAGE, ZSPAGE } from '../layout/records.ts';
import { BYTES_UNIT, PENDING_OTHER } from '../objects.ts';
import type { Objects } from '../objects.ts';
import { pagesForSlots } from '../size-class.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from '../state.ts';
import type { PoolState } from '../state.ts';
import type { LimboRecovery, Location, PageIndex, ZspageIndex } from '../strategy/contract.ts';
import type { WordIndex, Words } from '../words/agent.ts';
import { USAGE_GROUP_SHIFT, USAGE_USED_SHIFT } from '../zspages.ts';
import type { ZspageLists } from '../zspages.ts';

const { owner: pageOwner, link } = PAGE.at;
const { usage, freeHead, firstPage, prev, next } = ZSPAGE.at;

type SlotState = 'free' | 'live' | 'cached' | 'object' | 'place';

/** See the head of the file. */
export class ClassRebuild {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;
  private readonly limbo: LimboRecovery | undefined;
  private readonly hugeOrdinal: number;

  constructor(
    state: PoolState,
    handles: HandleTable,
    lists: ZspageLists,
    objects: Objects,
    limbo: LimboRecovery | undefined,
  ) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.lists = lists;
    this.objects = objects;
    this.limbo = limbo;
    this.hugeOrdinal = state.plan.shape.classes.length - 1;
  }

  /**
   * Builds a class anew. Pages that turn out to be in no chain become vacant, for the page accounts to find.
   *
   * @param inHand Zspages that live agents have taken from the class already.
   */
  rebuild(ordinal: number, inHand: ReadonlySet<ZspageIndex>): void {
    const { words } = this;
    const base = this.state.classWord(ordinal);
    const pagesOf = this.pagesByZspage(ordinal, inHand);
    this.settlePending(ordinal, base);
    words.fill(0, base, base + CLASS.at.cellHead);
    this.limbo?.clearClass(ordinal, [...pagesOf.keys()]);
    for (const [zspage, pages] of pagesOf) this.rebuildZspage(ordinal, base, zspage, pages);
    this.mendCells(base);
    // Not yet 0: where all classes have one lock, this alone says that the class was being changed, and it still is.
    words[base + CLASS.at.pending] = PENDING_OTHER;
  }

  /** Pages that say they are in a zspage of the class. */
  private pagesByZspage(ordinal: number, inHand: ReadonlySet<ZspageIndex>): Map<ZspageIndex, Set<PageIndex>> {
    const { words, state } = this;
    const found = new Map<ZspageIndex, Set<PageIndex>>();
    for (let page = state.plan.firstPage; page < words[HEADER.at.pageFresh]!; page++) {
      const owner = words[state.pageWord(page) + pageOwner]!;
      const zspage = owner >>> OWNER_SHIFT;
      if (owner === 0 || (owner & OWNER_CLASS_MASK) !== ordinal || inHand.has(zspage)) continue;
      const isRecord = zspage >= 1 && zspage < words[HEADER.at.zspageFresh]!;
      expectInvariant(isRecord, 'chain-owned', `zspage ${zspage} of page`, page);
      const pages = found.get(zspage);
      if (pages === undefined) found.set(zspage, new Set([page]));
      else pages.add(page);
    }
    return found;
  }

  /** Makes an object that was being allocated or freed one that is being freed. */
  private settlePending(ordinal: number, base: WordIndex): void {
    const { words, handles } = this;
    const tagged = words[base + CLASS.at.pending]!;
    const raw = tagged >>> 1;
    const cell = raw === 0 ? 0 : handles.cellOf(raw);
    if (cell === 0) return;
    const location = words[cell]!;
    if (!isLocation(location) || words[this.state.headerWord(ordinal, location)] !== tagged) return;
    if (this.limbo === undefined) words[cell] = handles.freeValueAfter(raw);
    // order: release, pairs with readBegin of strategies that reclaim later. Who comes after this finds no object.
    else Atomics.store(words, cell, CELL_RETIRED | location);
  }

  private rebuildZspage(ordinal: number, base: WordIndex, zspage: ZspageIndex, owned: Set<PageIndex>): void {
    const { words, state } = this;
    const record = state.zspageWord(zspage);
    const chain = this.chainOf(ordinal, zspage, owned);
    const retired = this.limbo?.pageOf(zspage) ?? 0;
    for (const page of owned) {
      if (!chain.includes(page) && page !== retired) words[state.pageWord(page) + pageOwner] = 0;
    }
    // A record that was never filled in, or whose pages are going back.
    if (chain.length === 0) return;
    const { objectsPerZspage } = state.plan.shape.classes[ordinal]!;
    const used = this.lists.used(zspage);
    expectInvariant(used <= objectsPerZspage, 'counters-match', `${used} slots ever used of zspage`, zspage);
    const inuse = ordinal === this.hugeOrdinal ? this.sortHuge(base, zspage) : this.sortSlots(ordinal, base, zspage);
    words[record + usage] = (GROUP_ISOLATED << USAGE_GROUP_SHIFT) | (used << USAGE_USED_SHIFT) | inuse;
    words[record + prev] = 0;
    words[record + next] = 0;
    words[base + CLASS.at.capacity]! += objectsPerZspage;
    words[base + CLASS.at.pages]! += chain.length;
    this.lists.putback(ordinal, zspage);
  }

  /** The chain of a zspage, cut behind the pages that its used slots need; empty when the zspage does not exist. */
  private chainOf(ordinal: number, zspage: ZspageIndex, owned: ReadonlySet<PageIndex>): PageIndex[] {
    const { words, state } = this;
    const { sizeBytes } = state.plan.shape.classes[ordinal]!;
    const first = words[state.zspageWord(zspage) + firstPage]!;
    if (!owned.has(first)) return [];
    if (ordinal === this.hugeOrdinal) return [first];
    const needed = pagesForSlots(this.lists.used(zspage), sizeBytes, state.plan.pageBytes);
    const chain: PageIndex[] = [];
    for (let page = first; owned.has(page) && chain.length < needed; page = words[state.pageWord(page) + link]!) {
      chain.push(page);
    }
    // Slots are used after their page has been added, and given up before it is taken.
    expectInvariant(chain.length === needed, 'chain-owned', `${chain.length} of ${needed} pages of zspage`, zspage);
    words[state.pageWord(chain.at(-1)!) + link] = 0;
    return chain;
  }

  /** Sorts the slots of a zspage and links the free ones. Returns how many are in use. */
  private sortSlots(ordinal: number, base: WordIndex, zspage: ZspageIndex): number {
    const { words, state } = this;
    const { sizeBytes } = state.plan.shape.classes[ordinal]!;
    const first = words[state.zspageWord(zspage) + firstPage]!;
    let inuse = 0;
    let head: Location = 0;
    for (let index = this.lists.used(zspage) - 1; index >= 0; index--) {
      const location = this.lists.locate(first, index, sizeBytes);
      const slot = state.slotWord(location, sizeBytes);
      const found = this.stateOf(location, slot);
      if (found === 'free') {
        words[slot] = head << 1;
        head = location;
        continue;
      }
      inuse++;
      if (found === 'cached') {
        words[base + CLASS.at.inuse]! += 1;
        continue;
      }
      if (found !== 'place') this.count(base, words[slot + 1]! & LENGTH_MASK);
      if (found !== 'live') this.limbo!.retire(location, found === 'place');
    }
    words[state.zspageWord(zspage) + freeHead] = head;
    return inuse;
  }

  private stateOf(location: Location, slot: WordIndex): SlotState {
    const { words, handles } = this;
    const header = words[slot]!;
    if ((header & 1) === 0) return 'free';
    const cell = handles.cellOf((header >>> 1) & handles.cellMask);
    const value = cell === 0 ? 0 : words[cell]!;
    // A live agent may be about to make the one the other: both are in use.
    if (value === location) return header < 0 ? 'cached' : 'live';
    if (header < 0) return 'free';
    if (this.limbo === undefined) return 'free';
    return value === (CELL_RETIRED | location) ? 'object' : 'place';
  }

  private sortHuge(base: WordIndex, zspage: ZspageIndex): number {
    const { words, state, handles } = this;
    const record = state.zspageWord(zspage);
    const page = words[record + firstPage]!;
    const location = state.locationOf(page, 0);
    const header = words[state.pageWord(page) + link]!;
    const cell = (header & 1) === 0 ? 0 : handles.cellOf((header >>> 1) & handles.cellMask);
    const value = cell === 0 ? 0 : words[cell]!;
    if (header < 0 && value === location) {
      words[base + CLASS.at.inuse]! += 1;
      return 1;
    }
    const isRetired = header > 0 && this.limbo !== undefined && value === (CELL_RETIRED | location);
    if (value !== location && !isRetired) {
      words[state.pageWord(page) + link] = 0;
      words[record + freeHead] = 0;
      return 0;
    }
    this.count(base, words[record + freeHead]! & LENGTH_MASK);
    if (isRetired) this.limbo!.retire(location, false);
    return 1;
  }

  /** Counts an object, live or retired. */
  private count(base: WordIndex, lengthBytes: number): void {
    const { words } = this;
    words[base + CLASS.at.inuse]! += 1;
    words[base + CLASS.at.bytesLow]! += lengthBytes;
    if (words[base + CLASS.at.bytesLow]! >= BYTES_UNIT) this.objects.carry(base);
  }

  /** Makes the list of free cells what can be reached from its head; the pending object's cell joins it if it is free. */
  private mendCells(base: WordIndex): void {
    const { words, handles } = this;
    const cells = handles.mendList(base + CLASS.at.cellHead);
    const raw = words[base + CLASS.at.pending]! >>> 1;
    const cell = raw & handles.cellMask;
    const word = raw === 0 ? 0 : handles.cellOf(raw);
    if (word === 0 || cells.has(cell) || (words[word]! & CELL_FREE) === 0) return;
    words[word]! &= ~handles.cellMask;
    handles.append(base, cell);
  }
}
