// The work of Q3: worker 1 compacts and migrates pages; the others read, and stay inside for a while.
//
// HOLD   'us'      busy inside the read for a few microseconds
//        'ms'      asleep inside the read, as a reader is whom the operating system has descheduled
//        'await'   holds the object while timers and other turns of the event loop go by
//
// Readers have intended starts (an open loop). The compactor's objects lie between the readers', in the same zspages: it
// frees half of its own, compacts, migrates a few pages, and fills up again.

import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { HoldingPool, Pool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { check } from '../checks.ts';
import type { Task, TaskContext } from '../crew/task.ts';
import type { LatencyRecorder } from '../latencies.ts';
import { shuffled } from '../random.ts';
import type { Random } from '../random.ts';
import { StampedSlots } from '../stamped-slots.ts';
import { RandomTimes, nap, spinUntil } from './pace.ts';

export type Hold = 'us' | 'ms' | 'await';

/** What a worker of Q3 is given. Even slots are the readers', odd ones the compactor's. */
export interface SleepersPlan {
  readonly hold: Hold;
  readonly holdMs: number;
  /** Mean time between the intended starts of one reader. */
  readonly everyMs: number;
  readonly slots: SharedArrayBuffer;
}

/** Series of samples: from the intended start, and from the call. */
export const SERIES = { intended: 0, call: 1 } as const;

const MIGRATIONS = 8;
/** Turns that deferred reclaiming gets after a compaction: a grace period takes two advances of the epoch. */
const TURNS = 3;

class Reader implements Task {
  readonly batchesPerTurn = 1;
  readonly #plan: SleepersPlan;
  readonly #pool: Pool;
  readonly #slots: StampedSlots;
  readonly #random: Random;
  readonly #latencies: LatencyRecorder;
  readonly #starts: RandomTimes;
  #reads = 0;

  constructor({ pool, real, plan, random, latencies }: TaskContext) {
    this.#plan = plan as SleepersPlan;
    this.#pool = real!;
    this.#slots = new StampedSlots(pool!, this.#plan.slots);
    this.#random = random;
    this.#latencies = latencies;
    this.#starts = new RandomTimes(random, this.#plan.everyMs);
  }

  enter(): void {
    this.#reads = 0;
    this.#starts.restart();
  }

  counts(): Record<string, number> {
    return { reads: this.#reads };
  }

  batch(): number | Promise<number> {
    return this.#plan.hold === 'await' ? this.#holdOne() : this.#readOne();
  }

  #record(intendedMs: number, calledMs: number): void {
    const nowMs = performance.now();
    this.#latencies.record(nowMs - intendedMs, SERIES.intended);
    this.#latencies.record(nowMs - calledMs, SERIES.call);
    this.#reads++;
  }

  #readOne(): number {
    const { hold, holdMs } = this.#plan;
    const slot = 2 * this.#random.below(this.#slots.count >> 1);
    this.#starts.sleepUntilNext();
    const intendedMs = this.#starts.nextMs;
    this.#starts.advance();
    const calledMs = performance.now();
    this.#slots.read(slot, () => {
      this.#record(intendedMs, calledMs);
      if (hold === 'ms') nap(holdMs);
      else spinUntil(performance.now() + holdMs);
    });
    return 1;
  }

  async #holdOne(): Promise<number> {
    const slot = 2 * this.#random.below(this.#slots.count >> 1);
    const early = this.#starts.nextMs - performance.now();
    if (early > 0) await sleep(early);
    const intendedMs = this.#starts.nextMs;
    this.#starts.advance();
    const calledMs = performance.now();
    const held = (this.#pool as HoldingPool).hold(this.#slots.handleOf(slot));
    this.#record(Math.min(intendedMs, calledMs), calledMs);
    try {
      await sleep(this.#plan.holdMs);
      // Whatever was compacted meanwhile, the view shows the object.
      this.#slots.verifyView(slot, held.segments);
    } finally {
      held.release();
    }
    return 1;
  }
}

class Compactor implements Task {
  readonly batchesPerTurn = 1;
  readonly #pool: Pool;
  readonly #slots: StampedSlots;
  readonly #random: Random;
  readonly #own: readonly number[];
  #counts: Record<string, number> = {};

  constructor({ pool, real, plan, random }: TaskContext) {
    this.#pool = real!;
    this.#slots = new StampedSlots(pool!, (plan as SleepersPlan).slots);
    this.#random = random;
    this.#own = Array.from({ length: this.#slots.count >> 1 }, (_, index) => 2 * index + 1);
  }

  enter(): void {
    this.#counts = {
      cycles: 0,
      pagesFreed: 0,
      bytesUsed: 0,
      bytesStored: 0,
      busySkips: 0,
      objectsMoved: 0,
      compactMs: 0,
      compactMsMax: 0,
      migrated: 0,
      migrateBusy: 0,
    };
  }

  counts(): Record<string, number> {
    return this.#counts;
  }

  /** One cycle. Counts as no operation: a crew's operations here are reads. */
  async batch(): Promise<number> {
    const counts = this.#counts;
    const half = shuffled(this.#own, this.#random).slice(0, this.#own.length >> 1);
    for (const slot of half) this.#slots.empty(slot);
    await this.#reclaim();
    const before = this.#pool.stats();
    const startMs = performance.now();
    const { movedObjects, skippedZspages } = this.#pool.compact();
    const ms = performance.now() - startMs;
    await this.#reclaim();
    const after = this.#pool.stats();
    counts['cycles']!++;
    counts['compactMs']! += ms;
    counts['compactMsMax'] = Math.max(counts['compactMsMax']!, ms);
    counts['objectsMoved']! += movedObjects;
    counts['busySkips']! += skippedZspages;
    counts['bytesUsed']! += after.bytesUsed;
    counts['bytesStored']! += after.bytesStored;
    counts['pagesFreed']! += Math.max(0, before.pagesUsed - after.pagesUsed);
    for (let count = 0; count < MIGRATIONS; count++) this.#migrate();
    for (const slot of half) check(this.#slots.replace(slot, this.#random), 'the pool of Q3 is too small.');
    return 0;
  }

  /** Lets a strategy with deferred frees return what no reader sees any more. It waits for nobody. */
  async #reclaim(): Promise<void> {
    for (let count = 0; count < TURNS; count++) {
      await turn();
      strategyOf(this.#pool).reclaim(false);
    }
  }

  /** Migrates the page in which an object of a reader begins. */
  #migrate(): void {
    const slot = 2 * this.#random.below(this.#slots.count >> 1);
    const offset = this.#pool.readBegin(this.#slots.handleOf(slot));
    this.#pool.readEnd(offset);
    const { result } = this.#pool.migratePage(Math.floor(offset / 4096));
    if (result === 'migrated') this.#counts['migrated']!++;
    if (result === 'busy') this.#counts['migrateBusy']!++;
  }
}

export function createTask(context: TaskContext): Task {
  return context.index === 1 ? new Compactor(context) : new Reader(context);
}
