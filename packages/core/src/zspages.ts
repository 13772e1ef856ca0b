// The zspages of a class: fullness lists, and the slots inside a zspage.
//
// RULES
//   1. Everything here runs under the class lock.
//   2. A zspage is on exactly one list, unless it is isolated or draining.
//   3. Slots that were used before are handed out first, last freed first. A zspage has the pages that its used slots
//      need and no more: it grows by a page when a fresh slot reaches beyond them.

import { GROUP_DRAINING, GROUP_ISOLATED, GROUPS_WITH_ROOM } from './fullness.ts';
import { stepOf } from './invariant.ts';
import { CLASS, PAGE, ZSPAGE } from './layout/records.ts';
import { pagesForSlots } from './size-class.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';

const { groupMask, groupHeads, groupCounts, capacity, pages: classPages } = CLASS.at;
const { usage, freeHead, firstPage, prev, next } = ZSPAGE.at;

/** Fields of a zspage's usage word; a slot count needs 12 bits: at most 2048 slots of 32 bytes on 64 KiB. */
export const USAGE_INUSE_MASK = 0xfff;
export const USAGE_USED_SHIFT = 12;
export const USAGE_GROUP_SHIFT = 24;

/** See the head of the file. */
export class ZspageLists {
  private readonly state: PoolState;
  private readonly hugeOrdinal: number;

  constructor(state: PoolState) {
    this.state = state;
    this.hugeOrdinal = state.plan.shape.classes.length - 1;
  }

  inuse(zspage: ZspageIndex): number {
    return this.state.words[this.state.zspageWord(zspage) + usage]! & USAGE_INUSE_MASK;
  }

  /** Slots that were ever used: those from here on have never been linked or written. */
  used(zspage: ZspageIndex): number {
    return (this.state.words[this.state.zspageWord(zspage) + usage]! >>> USAGE_USED_SHIFT) & USAGE_INUSE_MASK;
  }

  group(zspage: ZspageIndex): number {
    return this.state.words[this.state.zspageWord(zspage) + usage]! >>> USAGE_GROUP_SHIFT;
  }

  /** Pages of a zspage's chain: what its used slots need. */
  pages(ordinal: number, zspage: ZspageIndex): number {
    return pagesForSlots(this.used(zspage), this.state.tables.sizeBytes[ordinal]!, this.state.plan.pageBytes);
  }

  /** Files a new zspage and counts its slots and its page. */
  adopt(ordinal: number, zspage: ZspageIndex): void {
    const { words, tables } = this.state;
    const base = this.state.classWord(ordinal);
    words[base + capacity]! += tables.objects[ordinal]!;
    words[base + classPages]! += 1;
    this.putback(ordinal, zspage);
  }

  /** Takes a zspage off its list and stops counting its slots and pages. */
  disown(ordinal: number, zspage: ZspageIndex): void {
    const { words, tables } = this.state;
    const base = this.state.classWord(ordinal);
    const group = this.group(zspage);
    if (group < GROUP_ISOLATED) this.isolate(ordinal, zspage);
    if (group === GROUP_DRAINING) this.setGroup(zspage, GROUP_ISOLATED);
    else words[base + capacity]! -= tables.objects[ordinal]!;
    words[base + classPages]! -= this.pages(ordinal, zspage);
  }

  /** Leaves an isolated zspage, all of whose slots are retired, off the lists until they have been reclaimed. */
  drain(ordinal: number, zspage: ZspageIndex): void {
    this.state.words[this.state.classWord(ordinal) + capacity]! -= this.state.tables.objects[ordinal]!;
    this.setGroup(zspage, GROUP_DRAINING);
  }

  /** Files a draining zspage again. */
  undrain(ordinal: number, zspage: ZspageIndex): void {
    this.state.words[this.state.classWord(ordinal) + capacity]! += this.state.tables.objects[ordinal]!;
    this.putback(ordinal, zspage);
  }

  /** Takes a zspage off its list: nobody else allocates from it or moves it. */
  isolate(ordinal: number, zspage: ZspageIndex): void {
    this.unlink(this.state.classWord(ordinal), zspage, this.group(zspage));
    this.setGroup(zspage, GROUP_ISOLATED);
  }

  /** Files an isolated zspage by how full it is now. */
  putback(ordinal: number, zspage: ZspageIndex): void {
    const { groups, groupBase } = this.state.tables;
    const group = groups[groupBase[ordinal]! + this.inuse(zspage)]!;
    this.linkFirst(this.state.classWord(ordinal), zspage, group);
    this.setGroup(zspage, group);
  }

  /** First zspage of the fullest group in `candidates` (a bit set of groups); 0 for none. */
  fullest(base: WordIndex, candidates: number): ZspageIndex {
    const found = this.state.words[base + groupMask]! & candidates;
    return found === 0 ? 0 : this.state.words[base + groupHeads + 31 - Math.clz32(found)]!;
  }

  /**
   * Takes a slot of one zspage that has room; 0 when it must grow first and the caller has not just done that.
   *
   * Source: obj_malloc().
   */
  takeSlotOf(ordinal: number, base: WordIndex, zspage: ZspageIndex, grown = false): Location {
    const { words, tables } = this.state;
    const record = this.state.zspageWord(zspage);
    const state = words[record + usage]!;
    const location = words[record + freeHead]!;
    if (location === 0 || ordinal === this.hugeOrdinal) {
      if (!grown && this.mustGrow(ordinal, zspage)) return 0;
      return this.takeFreshSlot(ordinal, base, zspage, record, state);
    }
    words[record + freeHead] = words[this.state.slotWord(location, tables.sizeBytes[ordinal]!)]! >>> 1;
    this.setUsage(ordinal, base, zspage, record, state + 1);
    return location;
  }

  /** Counts a slot that the caller has picked itself. The zspage is isolated. */
  claimSlot(zspage: ZspageIndex): void {
    this.state.words[this.state.zspageWord(zspage) + usage]! += 1;
  }

  /** Says how many slots were ever used. The caller mends the free list. */
  setUsed(zspage: ZspageIndex, used: number): void {
    const word = this.state.zspageWord(zspage) + usage;
    const rest = this.state.words[word]! & ~(USAGE_INUSE_MASK << USAGE_USED_SHIFT);
    this.state.words[word] = rest | (used << USAGE_USED_SHIFT);
  }

  /** True when the next fresh slot of a zspage reaches beyond its pages. */
  mustGrow(ordinal: number, zspage: ZspageIndex): boolean {
    const { words, plan, tables } = this.state;
    const record = this.state.zspageWord(zspage);
    if (ordinal === this.hugeOrdinal || words[record + freeHead] !== 0) return false;
    const used = this.used(zspage);
    const sizeBytes = tables.sizeBytes[ordinal]!;
    return pagesForSlots(used + 1, sizeBytes, plan.pageBytes) > pagesForSlots(used, sizeBytes, plan.pageBytes);
  }

  /** Any zspage of a class that can give a slot without growing; 0 for none. Source: ours, for a pool without pages. */
  roomInPlace(ordinal: number, base: WordIndex): ZspageIndex {
    const { words, plan } = this.state;
    let steps = plan.pages;
    for (let mask = words[base + groupMask]! & GROUPS_WITH_ROOM; mask !== 0; mask &= mask - 1) {
      const group = 31 - Math.clz32(mask & -mask);
      for (let z = words[base + groupHeads + group]!; z !== 0; z = words[this.state.zspageWord(z) + next]!) {
        if (!this.mustGrow(ordinal, z)) return z;
        steps = stepOf(steps, 'a fullness list with zspage', z);
      }
    }
    return 0;
  }

  /**
   * Puts a slot on its zspage's free list.
   *
   * @returns How many slots of the zspage are still in use.
   * Source: obj_free().
   */
  putSlot(ordinal: number, base: WordIndex, zspage: ZspageIndex, location: Location): number {
    const { words, tables } = this.state;
    const record = this.state.zspageWord(zspage);
    if (ordinal === this.hugeOrdinal) {
      words[this.state.pageWord(this.state.pageOf(location)) + PAGE.at.link] = 0;
      words[record + freeHead] = 0;
    } else {
      words[this.state.slotWord(location, tables.sizeBytes[ordinal]!)] = words[record + freeHead]! << 1;
      words[record + freeHead] = location;
    }
    const state = words[record + usage]! - 1;
    this.setUsage(ordinal, base, zspage, record, state);
    return state & USAGE_INUSE_MASK;
  }

  /** Location of a slot: walks the page chain to the page in which the slot starts. */
  locate(first: number, index: number, sizeBytes: number): Location {
    const { words, plan } = this.state;
    let page = first;
    for (let hops = Math.floor((index * sizeBytes) / plan.pageBytes); hops > 0; hops--) {
      page = words[this.state.pageWord(page) + PAGE.at.link]!;
    }
    return this.state.locationOf(page, index);
  }

  private takeFreshSlot(
    ordinal: number,
    base: WordIndex,
    zspage: ZspageIndex,
    record: WordIndex,
    state: number,
  ): Location {
    const { words, tables } = this.state;
    const index = ordinal === this.hugeOrdinal ? 0 : (state >>> USAGE_USED_SHIFT) & USAGE_INUSE_MASK;
    const rest = state & ~(USAGE_INUSE_MASK << USAGE_USED_SHIFT);
    this.setUsage(ordinal, base, zspage, record, (rest | ((index + 1) << USAGE_USED_SHIFT)) + 1);
    return this.locate(words[record + firstPage]!, index, tables.sizeBytes[ordinal]!);
  }

  /** Stores a usage word, and refiles the zspage when it has changed its fullness group. */
  private setUsage(ordinal: number, base: WordIndex, zspage: ZspageIndex, record: WordIndex, state: number): void {
    const { words, tables } = this.state;
    const before = state >>> USAGE_GROUP_SHIFT;
    words[record + usage] = state;
    if (before >= GROUP_ISOLATED) return;
    const after = tables.groups[tables.groupBase[ordinal]! + (state & USAGE_INUSE_MASK)]!;
    if (after === before) return;
    this.unlink(base, zspage, before);
    this.linkFirst(base, zspage, after);
    this.setGroup(zspage, after);
  }

  private setGroup(zspage: ZspageIndex, group: number): void {
    const { words } = this.state;
    const record = this.state.zspageWord(zspage);
    words[record + usage] = (words[record + usage]! & ((1 << USAGE_GROUP_SHIFT) - 1)) | (group << USAGE_GROUP_SHIFT);
  }

  private linkFirst(base: WordIndex, zspage: ZspageIndex, group: number): void {
    const { words } = this.state;
    const record = this.state.zspageWord(zspage);
    const head = words[base + groupHeads + group]!;
    words[record + prev] = 0;
    words[record + next] = head;
    if (head !== 0) words[this.state.zspageWord(head) + prev] = zspage;
    words[base + groupHeads + group] = zspage;
    words[base + groupCounts + group]! += 1;
    words[base + groupMask]! |= 1 << group;
  }

  private unlink(base: WordIndex, zspage: ZspageIndex, group: number): void {
    const { words } = this.state;
    const record = this.state.zspageWord(zspage);
    const before = words[record + prev]!;
    const after = words[record + next]!;
    if (before === 0) words[base + groupHeads + group] = after;
    else words[this.state.zspageWord(before) + next] = after;
    if (after !== 0) words[this.state.zspageWord(after) + prev] = before;
    words[base + groupCounts + group]! -= 1;
    if (words[base + groupHeads + group] === 0) words[base + groupMask]! &= ~(1 << group);
  }
}
