// Settling a zspage: its objects move to its first slots, and the pages that its last slots used are freed.
//
// The kernel frees whole zspages only. After compaction each class still has a zspage that is partly used, and with a
// hundred classes their empty halves are what remains of the overhead.
//
// RULES
//   1. The zspage is shut to readers while it is settled; a busy one is skipped and counted.
//   2. A retired object or place counts as used: it keeps its pages until it has been reclaimed.
//   3. The free list is rebuilt: it may have linked slots of the pages that go.

import type { CompactRun } from './compact.ts';
import { GROUPS_PARTIAL } from './fullness.ts';
import { stepOf } from './invariant.ts';
import { CLASS, PAGE, ZSPAGE } from './layout/records.ts';
import type { Objects } from './objects.ts';
import { pagesForSlots } from './size-class.ts';
import type { SlotMover } from './slots.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { groupMask, groupHeads, pages: classPages } = CLASS.at;
const { firstPage, freeHead, next } = ZSPAGE.at;

/** See the head of the file. */
export class Settler {
  private readonly state: PoolState;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;
  private readonly slots: SlotMover;

  constructor(state: PoolState, lists: ZspageLists, objects: Objects, slots: SlotMover) {
    this.state = state;
    this.lists = lists;
    this.objects = objects;
    this.slots = slots;
  }

  /**
   * Settles every partly used zspage of a class that would give a page. False when it stopped after one because somebody
   * waits. Caller holds: move and class locks.
   */
  settleClass(run: CompactRun, ordinal: number, base: WordIndex): boolean {
    const { words, strategy } = this.state;
    let steps = 2 * this.state.plan.pages;
    for (let mask = words[base + groupMask]! & GROUPS_PARTIAL; mask !== 0; mask &= mask - 1) {
      const group = 31 - Math.clz32(mask & -mask);
      let following = 0;
      for (let zspage = words[base + groupHeads + group]!; zspage !== 0; zspage = following) {
        steps = stepOf(steps, 'a fullness list with zspage', zspage);
        following = words[this.state.zspageWord(zspage) + next]!;
        if (run.settled.has(zspage) || !this.worthIt(ordinal, zspage)) continue;
        run.settled.add(zspage);
        if (strategy.relocateBegin(zspage)) {
          this.lists.isolate(ordinal, zspage);
          this.settleIsolated(run, ordinal, base, zspage);
          this.lists.putback(ordinal, zspage);
          strategy.relocateEnd(zspage);
          if (strategy.isContended(ordinal) || strategy.isMoveContended()) return false;
        } else if (!run.skipped.has(zspage)) run.skip(zspage);
      }
    }
    return true;
  }

  private worthIt(ordinal: number, zspage: ZspageIndex): boolean {
    const { plan, tables } = this.state;
    return (
      this.lists.pages(ordinal, zspage) >
      pagesForSlots(this.lists.inuse(zspage), tables.sizeBytes[ordinal]!, plan.pageBytes)
    );
  }

  /** Settles a zspage that is off its list, if it would give a page. Caller holds: move, class and zspage. */
  settleIsolated(run: CompactRun, ordinal: number, base: WordIndex, zspage: ZspageIndex): void {
    if (!this.worthIt(ordinal, zspage)) return;
    const { words, tables } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const record = this.state.zspageWord(zspage);
    const before = this.lists.pages(ordinal, zspage);
    words[record + freeHead] = 0;
    let low = 0;
    for (let high = this.lists.used(zspage) - 1; low < high; high--) {
      while (low < high && this.isTagged(zspage, low, sizeBytes)) low++;
      if (low < high) this.move(run, zspage, high, low, sizeBytes);
    }
    this.relinkFree(zspage, sizeBytes);
    const keep = this.lists.pages(ordinal, zspage);
    this.dropTail(words[record + firstPage]!, keep);
    words[base + classPages]! -= before - keep;
    this.objects.pagesFreed += before - keep;
  }

  /** Moves the live object of slot `high`, if there is one, to the free slot `low`. */
  private move(run: CompactRun, zspage: ZspageIndex, high: number, low: number, sizeBytes: number): void {
    const from = this.at(zspage, high, sizeBytes);
    const cell = this.slots.cellOfObjectIn(from, sizeBytes);
    if (cell === 0) return;
    this.lists.claimSlot(zspage);
    run.movedBytes += this.slots.move(cell, from, this.at(zspage, low, sizeBytes), sizeBytes);
    run.movedObjects++;
  }

  /** Ends the used slots behind the last one that is tagged, and links the free ones before it, lowest first. */
  private relinkFree(zspage: ZspageIndex, sizeBytes: number): void {
    const { words } = this.state;
    let used = this.lists.used(zspage);
    while (used > 0 && !this.isTagged(zspage, used - 1, sizeBytes)) used--;
    this.lists.setUsed(zspage, used);
    let head: Location = 0;
    for (let index = used - 1; index >= 0; index--) {
      if (this.isTagged(zspage, index, sizeBytes)) continue;
      const location = this.at(zspage, index, sizeBytes);
      words[this.state.slotWord(location, sizeBytes)] = head << 1;
      head = location;
    }
    words[this.state.zspageWord(zspage) + freeHead] = head;
  }

  /** Cuts the chain after `keep` pages. */
  private dropTail(first: number, keep: number): void {
    const { words } = this.state;
    let word = this.state.pageWord(first) + PAGE.at.link;
    for (let i = 1; i < keep; i++) word = this.state.pageWord(words[word]!) + PAGE.at.link;
    let page = words[word]!;
    words[word] = 0;
    for (let steps = this.state.plan.chainPages; page !== 0;) {
      steps = stepOf(steps, 'a chain with page', page);
      const following = words[this.state.pageWord(page) + PAGE.at.link]!;
      this.objects.reclaimPage(page);
      page = following;
    }
  }

  private at(zspage: ZspageIndex, index: number, sizeBytes: number): Location {
    return this.lists.locate(this.state.words[this.state.zspageWord(zspage) + firstPage]!, index, sizeBytes);
  }

  private isTagged(zspage: ZspageIndex, index: number, sizeBytes: number): boolean {
    return (this.state.words[this.state.slotWord(this.at(zspage, index, sizeBytes), sizeBytes)]! & 1) === 1;
  }
}
