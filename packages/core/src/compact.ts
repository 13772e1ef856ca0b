// Compaction: moves objects out of the emptiest zspages of a class into the fullest, and frees what becomes empty.
//
// RULES
//   1. One agent compacts at a time; a second one is told so and does nothing.
//   2. Locks, in this order: move (the strategy's pool lock), class, zspage of the source, which is only tried.
//   3. A busy source is skipped and counted, and the next one tried; it is not waited for and does not end the class.
//   4. The target needs no zspage lock: it is off its list, and only free slots of it are written.
//   5. Locks are dropped each time a target is full, and sooner when somebody waits for them.
//   6. Nothing stays isolated while locks are dropped, so an agent may stop between any two batches.
//
// Source: zs_compact(), __zs_compact() and migrate_zspage() in Linux mm/zsmalloc.c; skipping the busy is ours.

import type { CompactBudget, CompactResult } from './api.ts';
import { GROUPS_PARTIAL, freeablePages } from './fullness.ts';
import type { HandleTable } from './handles.ts';
import { CLASS, HEADER, PAGE, ZSPAGE } from './layout/records.ts';
import type { Objects } from './objects.ts';
import { HEADER_BYTES } from './size-class.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { compactor, pagesCompacted, objectsMoved, busySkips } = HEADER.at;
const { groupMask, groupHeads, capacity, inuse } = CLASS.at;
const { firstPage, next } = ZSPAGE.at;

/** Below this many bytes a loop over words beats copyWithin, which costs 17 to 30 ns to call. */
const COPY_BY_WORD_MAX = 64;

/** One call of compact: what it did so far, and where it goes on. */
export class CompactRun {
  movedObjects = 0;
  movedBytes = 0;
  freedPages = 0;
  /** Class to go on with, downward as the kernel does: the largest objects free the most pages. */
  ordinal: number;
  /** Busy zspages of the class at hand. */
  readonly skipped: Set<ZspageIndex> = new Set();
  skippedZspages = 0;
  readonly pagesBudget: number;
  readonly endMs: number;

  constructor(classes: number, budget: CompactBudget) {
    this.ordinal = classes - 1;
    this.pagesBudget = budget.pages ?? Infinity;
    this.endMs = budget.ms === undefined ? Infinity : performance.now() + budget.ms;
  }

  get done(): boolean {
    return this.ordinal < 0 || this.freedPages >= this.pagesBudget || performance.now() >= this.endMs;
  }

  result(ran: boolean): CompactResult {
    const { movedObjects, movedBytes, freedPages, skippedZspages } = this;
    return { ran, movedObjects, movedBytes, freedPages, skippedZspages };
  }
}

/** See the head of the file. */
export class Compactor {
  private readonly state: PoolState;
  private readonly handles: HandleTable;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;

  constructor(state: PoolState, handles: HandleTable, lists: ZspageLists, objects: Objects) {
    this.state = state;
    this.handles = handles;
    this.lists = lists;
    this.objects = objects;
  }

  start(budget: CompactBudget): CompactRun {
    return new CompactRun(this.state.plan.shape.classes.length, budget);
  }

  /** Takes the gate; false when another agent compacts. Never waits. */
  enter(): boolean {
    // order: acquire, pairs with leave. Whose number stands here is compacting.
    return Atomics.compareExchange(this.state.words, compactor, 0, this.state.agent.index) === 0;
  }

  leave(run: CompactRun): void {
    const { words } = this.state;
    // order: relaxed. Statistics.
    Atomics.add(words, pagesCompacted, run.freedPages);
    Atomics.add(words, objectsMoved, run.movedObjects);
    Atomics.add(words, busySkips, run.skippedZspages);
    // order: release, pairs with enter.
    Atomics.store(words, compactor, 0);
  }

  /** Pages of all classes that perfect packing would free: an estimate, from plain reads without locks. */
  freeable(): number {
    const { plan } = this.state;
    let pages = 0;
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) pages += this.freeableOf(ordinal);
    return pages;
  }

  /** One batch: at most one target filled. Holds no lock when it returns. May wait: for the locks of rule 2. */
  step(run: CompactRun): void {
    const { ordinal } = run;
    if (this.freeableOf(ordinal) === 0 && !this.hasEmpty(ordinal)) {
      this.nextClass(run);
      return;
    }
    const { strategy } = this.state;
    strategy.moveBegin();
    try {
      strategy.lock(ordinal);
    } catch (error) {
      strategy.moveEnd();
      throw error;
    }
    const before = run.freedPages;
    run.freedPages += this.objects.dropEmpty(ordinal) * this.state.tables.pages[ordinal]!;
    const more = this.fillOneTarget(run, ordinal);
    strategy.unlock(ordinal);
    strategy.moveEnd();
    this.objects.releaseReclaimed();
    if (!more && before === run.freedPages) this.nextClass(run);
  }

  private nextClass(run: CompactRun): void {
    run.ordinal--;
    run.skipped.clear();
  }

  private hasEmpty(ordinal: number): boolean {
    return (this.state.words[this.state.classWord(ordinal) + groupMask]! & 1) !== 0;
  }

  private freeableOf(ordinal: number): number {
    const { words, tables } = this.state;
    const base = this.state.classWord(ordinal);
    return freeablePages(words[base + capacity]!, words[base + inuse]!, tables.objects[ordinal]!, tables.pages[ordinal]!);
  }

  /** Empties sources into one target until it is full. False when the class has nothing more to give. */
  private fillOneTarget(run: CompactRun, ordinal: number): boolean {
    const { strategy, words, tables } = this.state;
    const base = this.state.classWord(ordinal);
    const target = this.lists.fullest(base, GROUPS_PARTIAL);
    if (target === 0) return false;
    this.lists.isolate(ordinal, target);
    let more = true;
    while (this.freeableOf(ordinal) > 0 && run.freedPages < run.pagesBudget) {
      const source = this.emptiest(words, base, run.skipped);
      if (source === 0) {
        more = false;
        break;
      }
      if (!strategy.relocateBegin(source)) {
        run.skipped.add(source);
        run.skippedZspages++;
        continue;
      }
      this.lists.isolate(ordinal, source);
      const before = run.movedObjects;
      this.moveObjects(run, ordinal, base, source, target);
      // Nothing but retired objects: they leave by themselves.
      if (run.movedObjects === before) run.skipped.add(source);
      if (this.lists.inuse(source) === 0) {
        this.objects.retireIsolated(ordinal, source);
        run.freedPages += tables.pages[ordinal]!;
      } else this.lists.putback(ordinal, source);
      strategy.relocateEnd(source);
      if (this.lists.inuse(target) === tables.objects[ordinal]!) break;
      if (strategy.isContended(ordinal) || strategy.isMoveContended()) break;
    }
    this.lists.putback(ordinal, target);
    return more && this.freeableOf(ordinal) > 0;
  }

  /** First zspage of the emptiest partial group that was not found busy before; 0 for none. */
  private emptiest(words: Int32Array, base: WordIndex, skipped: ReadonlySet<ZspageIndex>): ZspageIndex {
    for (let mask = words[base + groupMask]! & GROUPS_PARTIAL; mask !== 0; mask &= mask - 1) {
      const group = 31 - Math.clz32(mask & -mask);
      for (let zspage = words[base + groupHeads + group]!; zspage !== 0; zspage = words[this.state.zspageWord(zspage) + next]!) {
        if (!skipped.has(zspage)) return zspage;
      }
    }
    return 0;
  }

  /** Moves objects until the target is full or the source is empty. */
  private moveObjects(run: CompactRun, ordinal: number, base: WordIndex, source: ZspageIndex, target: ZspageIndex): void {
    const { words, tables, plan } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const used = this.lists.used(source);
    let page = words[this.state.zspageWord(source) + firstPage]!;
    let pageEnd = plan.pageBytes;
    for (let index = 0; index < used; index++) {
      if (index * sizeBytes >= pageEnd) {
        page = words[this.state.pageWord(page) + PAGE.at.link]!;
        pageEnd += plan.pageBytes;
      }
      const from = this.state.locationOf(page, index);
      const header = words[this.state.slotWord(from, sizeBytes)]!;
      if ((header & 1) === 0) continue;
      const cell = this.handles.cellWord((header >>> 1) & this.handles.cellMask);
      // A retired object is not moved: its cell no longer says that it is here.
      if (words[cell] !== from) continue;
      const to = this.lists.takeSlotOf(ordinal, base, target);
      run.movedBytes += this.copySlot(from, to, sizeBytes);
      run.movedObjects++;
      this.state.strategy.publish(cell, to);
      this.state.strategy.retirePlace(from);
      if (this.lists.inuse(target) === tables.objects[ordinal]! || this.lists.inuse(source) === 0) return;
    }
  }

  /** Copies header and payload of a slot; source and target may each be cut by a page boundary. Returns bytes copied. */
  private copySlot(from: Location, to: Location, sizeBytes: number): number {
    const { words, memory, plan } = this.state;
    const fromWord = this.state.slotWord(from, sizeBytes);
    const total = Math.min(sizeBytes, (HEADER_BYTES + words[fromWord + 1]! + 7) & ~7);
    let done = 0;
    while (done < total) {
      const source = this.pieceAt(from, sizeBytes, done);
      const target = this.pieceAt(to, sizeBytes, done);
      const piece = Math.min(total - done, plan.pageBytes - (source & (plan.pageBytes - 1)), plan.pageBytes - (target & (plan.pageBytes - 1)));
      if (piece <= COPY_BY_WORD_MAX) {
        for (let word = 0; word < piece >>> 2; word++) words[target / 4 + word] = words[source / 4 + word]!;
      } else memory.bytes.copyWithin(target, source, source + piece);
      done += piece;
    }
    return total;
  }

  /** Byte offset of a slot's byte `done`: in the page where the slot starts, or in the next one. */
  private pieceAt(location: Location, sizeBytes: number, done: number): number {
    const { plan, words } = this.state;
    const page = this.state.pageOf(location);
    const inPage = this.state.slotStart(location, sizeBytes) + done;
    if (inPage < plan.pageBytes) return page * plan.pageBytes + inPage;
    return words[this.state.pageWord(page) + PAGE.at.link]! * plan.pageBytes + inPage - plan.pageBytes;
  }
}
