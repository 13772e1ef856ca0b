// The zspages of a class: fullness lists, and the slots inside a zspage.
//
// RULES
//   1. Everything here runs under the class lock.
//   2. A zspage is on exactly one list, unless it is isolated.
//   3. Slots that were used before are handed out first, last freed first; a fresh zspage links no slots, so making one
//      touches none of its pages.

import { GROUP_ISOLATED, GROUPS_WITH_ROOM } from './fullness.ts';
import { CLASS, PAGE, ZSPAGE } from './layout/records.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';

const { groupMask, groupHeads, groupCounts, capacity, inuse: classInuse } = CLASS.at;
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

  /** Files a new zspage and counts its slots. */
  adopt(ordinal: number, zspage: ZspageIndex): void {
    this.state.words[this.state.classWord(ordinal) + capacity]! += this.state.tables.objects[ordinal]!;
    this.putback(ordinal, zspage);
  }

  /** Takes a zspage off its list and stops counting its slots. */
  disown(ordinal: number, zspage: ZspageIndex): void {
    if (this.group(zspage) !== GROUP_ISOLATED) this.isolate(ordinal, zspage);
    this.state.words[this.state.classWord(ordinal) + capacity]! -= this.state.tables.objects[ordinal]!;
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
   * Takes a slot of the fullest zspage that has room. There must be one.
   *
   * Source: find_get_zspage() and obj_malloc().
   */
  takeSlot(ordinal: number, base: WordIndex): Location {
    this.state.words[base + classInuse]! += 1;
    return this.takeSlotOf(ordinal, base, this.fullest(base, GROUPS_WITH_ROOM));
  }

  /** Takes a slot of one zspage that has room, without counting an object of the class. */
  takeSlotOf(ordinal: number, base: WordIndex, zspage: ZspageIndex): Location {
    const { words, tables } = this.state;
    const record = this.state.zspageWord(zspage);
    const sizeBytes = tables.sizeBytes[ordinal]!;
    let state = words[record + usage]!;
    let location = words[record + freeHead]!;
    if (location !== 0 && ordinal !== this.hugeOrdinal) {
      words[record + freeHead] = words[this.state.slotWord(location, sizeBytes)]! >>> 1;
    } else {
      const index = ordinal === this.hugeOrdinal ? 0 : (state >>> USAGE_USED_SHIFT) & USAGE_INUSE_MASK;
      location = this.locate(words[record + firstPage]!, index, sizeBytes);
      state = (state & ~(USAGE_INUSE_MASK << USAGE_USED_SHIFT)) | ((index + 1) << USAGE_USED_SHIFT);
    }
    this.setUsage(ordinal, base, zspage, record, state + 1);
    return location;
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

  /** Stores a usage word, and refiles the zspage when it has changed its fullness group. */
  private setUsage(ordinal: number, base: WordIndex, zspage: ZspageIndex, record: WordIndex, state: number): void {
    const { words, tables } = this.state;
    const before = state >>> USAGE_GROUP_SHIFT;
    words[record + usage] = state;
    if (before === GROUP_ISOLATED) return;
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

/** Zspage of a page's owner word. */
export function zspageOfOwner(owner: number): ZspageIndex {
  return owner >>> OWNER_SHIFT;
}
