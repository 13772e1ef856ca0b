// Merging zspages of a class: objects of the emptiest move into the fullest until that is full.
//
// RULES
//   1. The caller holds the move and class locks. The source's zspage lock is only tried: a busy source is skipped and
//      counted, and the next one tried; it is not waited for and does not end the class.
//   2. The target needs no zspage lock: it is off its list, and only free slots of it are written.
//   3. A source gives its last slots first, and its pages behind them at once. What it gives is chosen beforehand so
//      that the target grows by no more pages than the source loses.
//   4. Zspages are merged while perfect packing would free a page of the class. When no two of them can be merged, they
//      take no more pages than perfect packing does.
//
// WHY 4 HOLDS  Let f(n) be the pages of n slots and P those of a full zspage, whose tail holds no slot. Two zspages of a
// and b slots that cannot be merged have f(a) + f(b) < P + f(a + b - N). So each such pair is a page ahead of perfect
// packing; merging the rests of the pairs, of which there are at most half as many, wins one page each at most.
//
// Source: migrate_zspage() in Linux mm/zsmalloc.c; skipping the busy, and counting pages and not zspages, are ours.

import type { CompactRun } from './compact.ts';
import { GROUPS_PARTIAL } from './fullness.ts';
import { stepOf } from './invariant.ts';
import { CLASS, ZSPAGE } from './layout/records.ts';
import type { Objects } from './objects.ts';
import type { PageAllocator } from './pages.ts';
import type { Settler } from './settle.ts';
import { pagesForSlots, pagesPacked } from './size-class.ts';
import type { SlotMover } from './slots.ts';
import type { PoolState } from './state.ts';
import type { ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { groupMask, groupHeads, pages: classPages, inuse } = CLASS.at;
const { firstPage, next } = ZSPAGE.at;

/** What merging works with. */
export interface MergerParts {
  readonly state: PoolState;
  readonly lists: ZspageLists;
  readonly pages: PageAllocator;
  readonly objects: Objects;
  readonly slots: SlotMover;
  readonly settler: Settler;
}

/** See the head of the file. */
export class Merger {
  private readonly state: PoolState;
  private readonly lists: ZspageLists;
  private readonly pages: PageAllocator;
  private readonly objects: Objects;
  private readonly slots: SlotMover;
  private readonly settler: Settler;

  constructor(parts: MergerParts) {
    this.state = parts.state;
    this.lists = parts.lists;
    this.pages = parts.pages;
    this.objects = parts.objects;
    this.slots = parts.slots;
    this.settler = parts.settler;
  }

  /** Pages of a class that perfect packing would free: exact under the class lock, an estimate without. */
  freeableOf(ordinal: number): number {
    const { words, plan } = this.state;
    const base = this.state.classWord(ordinal);
    const packed = pagesPacked(words[base + inuse]!, plan.shape.classes[ordinal]!, plan.pageBytes);
    return Math.max(0, words[base + classPages]! - packed);
  }

  /** Moves objects of sources into one target until it is full. False when nothing more is to be gained by that. */
  fillOneTarget(run: CompactRun, ordinal: number, base: WordIndex): boolean {
    const { strategy, tables, plan } = this.state;
    if (this.freeableOf(ordinal) === 0) return false;
    const target = this.fullest(base, run.refused);
    if (target === 0) return false;
    this.lists.isolate(ordinal, target);
    for (let steps = plan.pages; ; steps = stepOf(steps, 'sources for zspage', target)) {
      const source = this.emptiest(run, ordinal, base, target);
      if (source === 0) run.refused.add(target);
      else this.mergeOne(run, ordinal, base, source, target);
      if (source === 0 || this.lists.inuse(target) === tables.objects[ordinal]! || this.freeableOf(ordinal) === 0)
        break;
      if (strategy.isContended(ordinal) || strategy.isMoveContended()) break;
    }
    this.lists.putback(ordinal, target);
    return true;
  }

  private mergeOne(run: CompactRun, ordinal: number, base: WordIndex, source: ZspageIndex, target: ZspageIndex): void {
    const { strategy } = this.state;
    if (!strategy.relocateBegin(source)) {
      run.skip(source);
      return;
    }
    this.lists.isolate(ordinal, source);
    const movedBefore = run.movedObjects;
    const isEmptied = this.moveObjects(run, ordinal, base, source, target);
    if (run.movedObjects === movedBefore) run.skipped.add(source);
    if (this.lists.inuse(source) === 0) this.objects.retireIsolated(ordinal, source);
    else if (isEmptied) this.lists.drain(ordinal, source);
    else {
      this.settler.settleIsolated(run, ordinal, base, source);
      this.lists.putback(ordinal, source);
      run.refused.delete(source);
    }
    strategy.relocateEnd(source);
  }

  /** First zspage of the fullest partial group that is not in a set; 0 for none. */
  private fullest(base: WordIndex, refused: ReadonlySet<ZspageIndex>): ZspageIndex {
    const { words } = this.state;
    let steps = this.state.plan.pages;
    for (let mask = words[base + groupMask]! & GROUPS_PARTIAL; mask !== 0;) {
      const group = 31 - Math.clz32(mask);
      mask &= ~(1 << group);
      for (let zspage = words[base + groupHeads + group]!; zspage !== 0;) {
        if (!refused.has(zspage)) return zspage;
        steps = stepOf(steps, 'a fullness list with zspage', zspage);
        zspage = words[this.state.zspageWord(zspage) + next]!;
      }
    }
    return 0;
  }

  /** First zspage of the emptiest partial group that was not found busy before and has something to give; 0 for none. */
  private emptiest(run: CompactRun, ordinal: number, base: WordIndex, target: ZspageIndex): ZspageIndex {
    const { words } = this.state;
    let steps = this.state.plan.pages;
    for (let mask = words[base + groupMask]! & GROUPS_PARTIAL; mask !== 0; mask &= mask - 1) {
      const group = 31 - Math.clz32(mask & -mask);
      for (let zspage = words[base + groupHeads + group]!; zspage !== 0;) {
        if (!run.skipped.has(zspage) && this.slotsToMove(ordinal, zspage, target) > 0) return zspage;
        steps = stepOf(steps, 'a fullness list with zspage', zspage);
        zspage = words[this.state.zspageWord(zspage) + next]!;
      }
    }
    return 0;
  }

  /** Objects that a source can give to a target so that the two have no more pages than before; 0 for none. */
  private slotsToMove(ordinal: number, source: ZspageIndex, target: ZspageIndex): number {
    const { tables, plan } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const has = this.lists.inuse(source);
    const taken = this.lists.inuse(target);
    const most = Math.min(has, tables.objects[ordinal]! - taken);
    const pages = this.lists.pages(ordinal, target);
    const lost = (slots: number): number => {
      const kept = slots === has ? 0 : pagesForSlots(has - slots, sizeBytes, plan.pageBytes);
      return this.lists.pages(ordinal, source) - kept;
    };
    if (pagesForSlots(taken + most, sizeBytes, plan.pageBytes) - pages <= lost(most)) return most;
    const inPlace = Math.min(most, Math.floor((pages * plan.pageBytes) / sizeBytes) - taken);
    return inPlace > 0 && lost(inPlace) > 0 ? inPlace : 0;
  }

  /** Moves what the source can give, from its last slot downward. True when it has none left but retired ones. */
  private moveObjects(
    run: CompactRun,
    ordinal: number,
    base: WordIndex,
    source: ZspageIndex,
    target: ZspageIndex,
  ): boolean {
    const { words, tables } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const first = words[this.state.zspageWord(source) + firstPage]!;
    let left = this.slotsToMove(ordinal, source, target);
    for (let index = this.lists.used(source) - 1; index >= 0; index--) {
      const from = this.lists.locate(first, index, sizeBytes);
      const cell = this.slots.cellOfObjectIn(from, sizeBytes);
      if (cell === 0) continue;
      if (left-- === 0) return false;
      const grown = this.lists.mustGrow(ordinal, target);
      if (grown) {
        if (!this.pages.tryGrow(target, ordinal)) return false;
        words[base + classPages]! += 1;
        run.grownPages++;
      }
      const to = this.lists.takeSlotOf(ordinal, base, target, grown);
      run.movedBytes += this.slots.move(cell, from, to, sizeBytes);
      run.movedObjects++;
    }
    return true;
  }
}
