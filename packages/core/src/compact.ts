// Compaction: moves objects out of the emptiest zspages of a class into the fullest, and frees what becomes empty. What
// is left partly used is settled: its objects move to its first slots, and the pages behind them are freed.
//
// RULES
//   1. One agent compacts at a time; a second one is told so and does nothing.
//   2. Locks, in this order: move (the strategy's pool lock), class, zspage of the source, which is only tried.
//   3. Locks are dropped each time a target is full, and sooner when somebody waits for them. After a batch for which
//      lookups had to wait, the agent stands back: they may yet be yielding, and should find the move lock free.
//   4. Nothing stays isolated while locks are dropped, and no batch leaves the pool with more pages than it had, so an
//      agent may stop between any two batches.
//   5. Where old places wait for readers, further rounds free what the first could not.
//
// Source: zs_compact() and __zs_compact() in Linux mm/zsmalloc.c; settling is ours.

import type { CompactBudget, CompactResult } from './api.ts';
import type { AgentCaches } from './caches/agent-caches.ts';
import { stepOf } from './invariant.ts';
import { CLASS, HEADER } from './layout/records.ts';
import type { Merger } from './merge.ts';
import { lockForMove, unlockAfterMove } from './move-locks.ts';
import { PENDING_OTHER } from './objects.ts';
import type { Objects } from './objects.ts';
import type { Settler } from './settle.ts';
import type { PoolState } from './state.ts';
import type { ZspageIndex } from './strategy/contract.ts';

const { compactor, pagesCompacted, objectsMoved, busySkips } = HEADER.at;
const { pending } = CLASS.at;

/** A grace period takes two advances of an epoch, and its places are reclaimed with the third. */
const RECLAIMS_BETWEEN_ROUNDS = 3;
/** Objects that may move until what they left is looked for. */
const MOVES_PER_RECLAIM = 64;
/** Rounds: one merges, one settles what was merged, one cuts what was settled, and one more for what readers delayed. */
const ROUNDS_MAX = 4;

/** One call of compact: what it did so far, and where it goes on. */
export class CompactRun {
  movedObjects = 0;
  movedBytes = 0;
  /** Pages that targets grew by. */
  grownPages = 0;
  /** Class to go on with, downward as the kernel does: the largest objects free the most pages. */
  ordinal: number;
  /** Zspages of the class at hand that give nothing now: busy ones, and those whose objects have moved or are retired. */
  readonly skipped: Set<ZspageIndex> = new Set();
  /** Targets of the class at hand to which no source can give anything. */
  readonly refused: Set<ZspageIndex> = new Set();
  /** Zspages of the class at hand that were settled. */
  readonly settled: Set<ZspageIndex> = new Set();
  /** Rounds through all classes that may still follow this one. */
  roundsLeft: number = ROUNDS_MAX - 1;
  /** `movedObjects` at the last look for what can be reclaimed. */
  movedWhenReclaimed = 0;
  /** Objects, places and pages that were reclaimed in this round. */
  reclaimed = 0;
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

  enterClass(ordinal: number): void {
    this.ordinal = ordinal;
    this.batches = this.pages;
    // Clearing an empty set makes it a new table.
    for (const set of [this.skipped, this.refused, this.settled]) if (set.size > 0) set.clear();
  }

  /** Leaves a busy zspage alone, and counts it. */
  skip(zspage: ZspageIndex): void {
    this.skipped.add(zspage);
    this.skippedZspages++;
  }

  /** Pages won so far: those that still wait for readers do not count, those that this agent reclaimed meanwhile do. */
  get freedPages(): number {
    return Math.max(0, this.objects.pagesFreed - this.freedBefore - this.grownPages);
  }

  get done(): boolean {
    if (this.ordinal < 0 || this.freedPages >= this.pagesBudget) return true;
    return this.endMs !== Infinity && performance.now() >= this.endMs;
  }

  /** Whether the run ends with pages that are free. */
  get countsPages(): boolean {
    return this.pagesBudget !== Infinity;
  }

  result(ran: boolean): CompactResult {
    const { movedObjects, movedBytes, freedPages, skippedZspages } = this;
    return { ran, movedObjects, movedBytes, freedPages, skippedZspages };
  }
}

/** What compaction works with. */
export interface CompactorParts {
  readonly state: PoolState;
  readonly objects: Objects;
  readonly merger: Merger;
  readonly settler: Settler;
  readonly caches: AgentCaches | undefined;
}

/** See the head of the file. */
export class Compactor {
  private readonly state: PoolState;
  private readonly objects: Objects;
  private readonly merger: Merger;
  private readonly settler: Settler;
  private readonly caches: AgentCaches | undefined;
  private readonly standsBack: boolean;

  constructor(parts: CompactorParts) {
    this.state = parts.state;
    this.objects = parts.objects;
    this.merger = parts.merger;
    this.settler = parts.settler;
    this.caches = parts.caches;
    // Without a budget of rounds it is a model checker's agent: a delay without locks is in its schedules already.
    this.standsBack = Number.isFinite(parts.state.agent.spin.refuseAfter);
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
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) pages += this.merger.freeableOf(ordinal);
    return pages;
  }

  /** Component pages of all classes: an estimate like `freeable`. */
  used(): number {
    const { plan, words } = this.state;
    let pages = 0;
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++)
      pages += words[this.state.classWord(ordinal) + CLASS.at.pages]!;
    return pages;
  }

  /**
   * One batch: at most one target filled. Holds no lock when it returns; true when the caller is to stand back. May wait:
   * for the locks of rule 2.
   */
  step(run: CompactRun): boolean {
    if (!run.collected) {
      // Cached objects count as used: before anybody looks what could be freed.
      this.caches?.collect();
      run.collected = true;
    }
    const { ordinal } = run;
    if (this.merger.freeableOf(ordinal) === 0) {
      this.nextClass(run);
      return false;
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
    const more =
      isClear && (this.merger.fillOneTarget(run, ordinal, base) || !this.settler.settleClass(run, ordinal, base));
    this.state.words[base + pending] = 0;
    const isAwaited = this.standsBack && run.movedObjects > movedBefore && strategy.isMoveContended();
    unlockAfterMove(strategy, ordinal);
    this.objects.releaseReclaimed();
    // A budget counts pages that are free, so what no reader needs any more is reclaimed at once. Otherwise now and then:
    // looking through what all classes have retired costs more than a batch.
    if (run.movedObjects - run.movedWhenReclaimed >= (run.countsPages ? 1 : MOVES_PER_RECLAIM)) {
      run.reclaimed += strategy.reclaim(false);
      run.movedWhenReclaimed = run.movedObjects;
    }
    if (!more) this.nextClass(run);
    return isAwaited;
  }

  private nextClass(run: CompactRun): void {
    run.enterClass(run.ordinal - 1);
    if (run.ordinal >= 0 || run.roundsLeft-- === 0 || this.freeable() === 0) return;
    // Places that waited for readers kept their pages; those that have been reclaimed keep them no longer.
    for (let tries = 0; tries < RECLAIMS_BETWEEN_ROUNDS; tries++) run.reclaimed += this.state.strategy.reclaim(false);
    if (run.reclaimed === 0) return;
    run.reclaimed = 0;
    run.enterClass(this.state.plan.shape.classes.length - 1);
  }
}
