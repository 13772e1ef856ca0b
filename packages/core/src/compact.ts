// Compaction: moves objects out of the emptiest zspages of a class into the fullest, and frees what becomes empty. What
// is left partly used is settled: its objects move to its first slots, and the pages behind them are freed.
//
// RULES
//   1. One agent compacts at a time; a second one is told so and does nothing.
//   2. Locks, in this order: move (the strategy's pool lock), class, zspage of the source, which is only tried.
//   3. A busy source is skipped and counted, and the next one tried; it is not waited for and does not end the class.
//   4. The target needs no zspage lock: it is off its list, and only free slots of it are written.
//   5. Locks are dropped each time a target is full, and sooner when somebody waits for them.
//   6. Nothing stays isolated while locks are dropped, so an agent may stop between any two batches.
//
// Source: zs_compact(), __zs_compact() and migrate_zspage() in Linux mm/zsmalloc.c; skipping the busy and settling are
// ours.

import type { CompactBudget, CompactResult } from './api.ts';
import type { AgentCaches } from './caches/agent-caches.ts';
import { GROUPS_PARTIAL, freeableZspages } from './fullness.ts';
import { stepOf } from './invariant.ts';
import { CLASS, HEADER, ZSPAGE } from './layout/records.ts';
import { PENDING_OTHER } from './objects.ts';
import type { Objects } from './objects.ts';
import { lockForMove, unlockAfterMove } from './move-locks.ts';
import type { PageAllocator } from './pages.ts';
import type { Settler } from './settle.ts';
import { pagesPacked } from './size-class.ts';
import type { SlotMover } from './slots.ts';
import type { PoolState } from './state.ts';
import type { ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { compactor, pagesCompacted, objectsMoved, busySkips } = HEADER.at;
const { groupMask, groupHeads, capacity, pages: classPages, inuse, pending } = CLASS.at;
const { firstPage, next } = ZSPAGE.at;

/** Why no more objects were moved from a source to a target. */
type Stopped = 'emptied' | 'target full' | 'no page';

/** One call of compact: what it did so far, and where it goes on. */
export class CompactRun {
  movedObjects = 0;
  movedBytes = 0;
  /** Pages that targets grew by. */
  grownPages = 0;
  /** Class to go on with, downward as the kernel does: the largest objects free the most pages. */
  ordinal: number;
  /** Busy zspages of the class at hand. */
  readonly skipped: Set<ZspageIndex> = new Set();
  skippedZspages = 0;
  /** What agents have cached has been collected. */
  collected = false;
  /** Batches that are left to the class at hand: one for each page is more than it can need. */
  batches: number;
  private readonly pagesBudget: number;
  private readonly endMs: number;
  private readonly objects: Objects;
  private readonly freedBefore: number;
  readonly pages: number;

  constructor(objects: Objects, classes: number, pages: number, budget: CompactBudget) {
    this.objects = objects;
    this.freedBefore = objects.pagesFreed;
    this.ordinal = classes - 1;
    this.batches = pages;
    this.pages = pages;
    this.pagesBudget = budget.pages ?? Infinity;
    this.endMs = budget.ms === undefined ? Infinity : performance.now() + budget.ms;
  }

  skip(zspage: ZspageIndex): void {
    this.skipped.add(zspage);
    this.skippedZspages++;
  }

  /** Pages won so far: those that still wait for readers do not count, those that this agent reclaimed meanwhile do. */
  get freedPages(): number {
    return Math.max(0, this.objects.pagesFreed - this.freedBefore - this.grownPages);
  }

  get done(): boolean {
    return this.ordinal < 0 || this.freedPages >= this.pagesBudget || performance.now() >= this.endMs;
  }

  result(ran: boolean): CompactResult {
    const { movedObjects, movedBytes, freedPages, skippedZspages } = this;
    return { ran, movedObjects, movedBytes, freedPages, skippedZspages };
  }
}

/** What compaction works with. */
export interface CompactorParts {
  readonly state: PoolState;
  readonly lists: ZspageLists;
  readonly pages: PageAllocator;
  readonly objects: Objects;
  readonly slots: SlotMover;
  readonly settler: Settler;
  readonly caches: AgentCaches | undefined;
}

/** See the head of the file. */
export class Compactor {
  private readonly state: PoolState;
  private readonly lists: ZspageLists;
  private readonly pages: PageAllocator;
  private readonly objects: Objects;
  private readonly slots: SlotMover;
  private readonly settler: Settler;
  private readonly caches: AgentCaches | undefined;

  constructor(parts: CompactorParts) {
    this.state = parts.state;
    this.lists = parts.lists;
    this.pages = parts.pages;
    this.objects = parts.objects;
    this.slots = parts.slots;
    this.settler = parts.settler;
    this.caches = parts.caches;
  }

  start(budget: CompactBudget): CompactRun {
    const { shape, pages } = this.state.plan;
    return new CompactRun(this.objects, shape.classes.length, pages, budget);
  }

  /** Takes the gate; false when another agent compacts. Never waits. */
  enter(): boolean {
    this.state.checkAlarm();
    // order: acquire, pairs with leave. Whose number stands here is compacting.
    return Atomics.compareExchange(this.state.words, compactor, 0, this.state.agent.index) === 0;
  }

  leave(run: CompactRun): void {
    const { words } = this.state;
    try {
      this.state.strategy.reclaim(false);
    } finally {
      // order: relaxed. Statistics.
      Atomics.add(words, pagesCompacted, run.freedPages);
      Atomics.add(words, objectsMoved, run.movedObjects);
      Atomics.add(words, busySkips, run.skippedZspages);
      // order: release, pairs with enter. Also when this agent has detached meanwhile: nobody else would open the gate.
      Atomics.store(words, compactor, 0);
    }
  }

  /** Pages of all classes that perfect packing would free: an estimate, from plain reads without locks. */
  freeable(): number {
    const { plan } = this.state;
    let pages = 0;
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) pages += this.freeableOf(ordinal);
    return pages;
  }

  /** Component pages of all classes: an estimate like `freeable`. */
  used(): number {
    const { plan, words } = this.state;
    let pages = 0;
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++)
      pages += words[this.state.classWord(ordinal) + classPages]!;
    return pages;
  }

  /** One batch: at most one target filled. Holds no lock when it returns. May wait: for the locks of rule 2. */
  step(run: CompactRun): void {
    if (!run.collected) {
      // Cached objects count as used: before anybody looks what could be freed.
      this.caches?.collect();
      run.collected = true;
    }
    const { ordinal } = run;
    if (this.freeableOf(ordinal) === 0) {
      this.nextClass(run);
      return;
    }
    run.batches = stepOf(run.batches, 'compaction of class', ordinal);
    const { strategy } = this.state;
    lockForMove(strategy, ordinal);
    const base = this.state.classWord(ordinal);
    this.state.words[base + pending] = PENDING_OTHER;
    const movedBefore = run.movedObjects;
    const isClear = this.caches === undefined || this.caches.clear(ordinal);
    // The caches have ended it.
    this.state.words[base + pending] = PENDING_OTHER;
    this.objects.dropEmpty(ordinal);
    const more = isClear && this.fillOneTarget(run, ordinal, base);
    if (isClear && !more) this.settler.settleClass(run, ordinal, base);
    this.state.words[base + pending] = 0;
    unlockAfterMove(strategy, ordinal);
    this.objects.releaseReclaimed();
    // The budget counts pages that are free, so what no reader needs any more is reclaimed at once.
    if (run.movedObjects > movedBefore) strategy.reclaim(false);
    if (!more) this.nextClass(run);
  }

  private nextClass(run: CompactRun): void {
    run.ordinal--;
    run.batches = run.pages;
    run.skipped.clear();
  }

  private freeableOf(ordinal: number): number {
    const { words, plan } = this.state;
    const base = this.state.classWord(ordinal);
    return Math.max(
      0,
      words[base + classPages]! - pagesPacked(words[base + inuse]!, plan.shape.classes[ordinal]!, plan.pageBytes),
    );
  }

  /** Empties sources into one target until it is full. False when nothing more is to be gained by that. */
  private fillOneTarget(run: CompactRun, ordinal: number, base: WordIndex): boolean {
    const { strategy, words, tables } = this.state;
    const objects = tables.objects[ordinal]!;
    const freeable = (): boolean => freeableZspages(words[base + capacity]!, words[base + inuse]!, objects) > 0;
    if (!freeable()) return false;
    const target = this.lists.fullest(base, GROUPS_PARTIAL);
    if (target === 0) return false;
    this.lists.isolate(ordinal, target);
    let more = true;
    for (let steps = this.state.plan.pages; more && freeable();) {
      steps = stepOf(steps, 'sources for zspage', target);
      const source = this.emptiest(words, base, run.skipped);
      if (source === 0) {
        more = false;
        break;
      }
      if (!strategy.relocateBegin(source)) {
        run.skip(source);
        continue;
      }
      this.lists.isolate(ordinal, source);
      const movedBefore = run.movedObjects;
      const stopped = this.moveObjects(run, ordinal, base, source, target);
      if (this.lists.inuse(source) === 0) this.objects.retireIsolated(ordinal, source);
      else if (stopped === 'emptied') this.lists.drain(ordinal, source);
      else this.lists.putback(ordinal, source);
      strategy.relocateEnd(source);
      const moved = run.movedObjects > movedBefore;
      if (!moved) run.skipped.add(source);
      more = stopped !== 'no page' || moved;
      if (this.lists.inuse(target) === objects) break;
      if (strategy.isContended(ordinal) || strategy.isMoveContended()) break;
    }
    this.lists.putback(ordinal, target);
    return more && freeable();
  }

  /** First zspage of the emptiest partial group that was not found busy before; 0 for none. */
  private emptiest(words: Int32Array, base: WordIndex, skipped: ReadonlySet<ZspageIndex>): ZspageIndex {
    let steps = this.state.plan.pages;
    for (let mask = words[base + groupMask]! & GROUPS_PARTIAL; mask !== 0; mask &= mask - 1) {
      const group = 31 - Math.clz32(mask & -mask);
      for (
        let zspage = words[base + groupHeads + group]!;
        zspage !== 0;
        zspage = words[this.state.zspageWord(zspage) + next]!
      ) {
        if (!skipped.has(zspage)) return zspage;
        steps = stepOf(steps, 'a fullness list with zspage', zspage);
      }
    }
    return 0;
  }

  /** Moves objects until the target is full or cannot grow. 'emptied': the source has none left but retired ones. */
  private moveObjects(
    run: CompactRun,
    ordinal: number,
    base: WordIndex,
    source: ZspageIndex,
    target: ZspageIndex,
  ): Stopped {
    const { words, tables } = this.state;
    const sizeBytes = tables.sizeBytes[ordinal]!;
    const used = this.lists.used(source);
    for (let index = 0; index < used; index++) {
      const from = this.lists.locate(words[this.state.zspageWord(source) + firstPage]!, index, sizeBytes);
      const cell = this.slots.cellOfObjectIn(from, sizeBytes);
      if (cell === 0) continue;
      const grown = this.lists.mustGrow(ordinal, target);
      if (grown) {
        if (!this.pages.tryGrow(target, ordinal)) return 'no page';
        words[base + classPages]! += 1;
        run.grownPages++;
      }
      const to = this.lists.takeSlotOf(ordinal, base, target, grown);
      run.movedBytes += this.slots.move(cell, from, to, sizeBytes);
      run.movedObjects++;
      if (this.lists.inuse(source) === 0) break;
      if (this.lists.inuse(target) === tables.objects[ordinal]!) return 'target full';
    }
    return 'emptied';
  }
}
