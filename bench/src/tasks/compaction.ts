// The work of the scenario `compaction`: worker 1 compacts, in bounded calls, and then stays away for as long; worker 2 reads
// without pause, and notes for each read whether compaction ran all the while, or not at all.
//
// The compactor's objects lie between the reader's, in the same zspages. It frees half of its own, compacts, is idle, and
// fills up again; reads that saw it free or fill up are in neither series.

import { setImmediate as turn } from 'node:timers/promises';
import type { Pool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { check } from '../checks.ts';
import type { Task, TaskContext } from '../crew/task.ts';
import type { LatencyRecorder } from '../latencies.ts';
import { shuffled } from '../random.ts';
import type { Random } from '../random.ts';
import { StampedSlots } from '../stamped-slots.ts';
import { nap } from './pace.ts';

/** Even slots are the reader's, odd ones the compactor's. */
export interface CompactionPlan {
  readonly slots: SharedArrayBuffer;
  /** One word: what the compactor does. */
  readonly mode: SharedArrayBuffer;
}

/** Series of samples, and values of the mode: beside no compaction, and beside one. */
export const SERIES = { without: 1, with: 2 } as const;
const BUSY = 0;

/** Budget of one call. */
export const PAUSE_MS = 0.25;
const IDLE_MS = 2;
const READS_PER_BATCH = 200;

class Reader implements Task {
  readonly #slots: StampedSlots;
  readonly #mode: Int32Array;
  readonly #random: Random;
  readonly #latencies: LatencyRecorder;
  #reads = 0;

  constructor({ pool, plan, random, latencies }: TaskContext) {
    const { slots, mode } = plan as CompactionPlan;
    this.#slots = new StampedSlots(pool!, slots);
    this.#mode = new Int32Array(mode);
    this.#random = random;
    this.#latencies = latencies;
  }

  enter(): void {
    this.#reads = 0;
  }

  counts(): Record<string, number> {
    return { reads: this.#reads };
  }

  batch(): number {
    for (let count = 0; count < READS_PER_BATCH; count++) {
      const slot = 2 * this.#random.below(this.#slots.count >> 1);
      // order: relaxed. A read that the mode changed beside is in no series.
      const mode = Atomics.load(this.#mode, 0);
      const startMs = performance.now();
      this.#slots.read(slot);
      const ms = performance.now() - startMs;
      if (mode !== BUSY && Atomics.load(this.#mode, 0) === mode) this.#latencies.record(ms, mode);
    }
    this.#reads += READS_PER_BATCH;
    return READS_PER_BATCH;
  }
}

class Compactor implements Task {
  readonly batchesPerTurn = 1;
  readonly #pool: Pool;
  readonly #slots: StampedSlots;
  readonly #mode: Int32Array;
  readonly #random: Random;
  readonly #own: readonly number[];
  #counts: Record<string, number> = {};

  constructor({ pool, real, plan, random }: TaskContext) {
    const { slots, mode } = plan as CompactionPlan;
    this.#pool = real!;
    this.#slots = new StampedSlots(pool!, slots);
    this.#mode = new Int32Array(mode);
    this.#random = random;
    this.#own = Array.from({ length: this.#slots.count >> 1 }, (_, index) => 2 * index + 1);
  }

  enter(): void {
    this.#counts = { cycles: 0, objectsMoved: 0, bytesMoved: 0, calls: 0, compactMs: 0, pauseMsMax: 0 };
  }

  counts(): Record<string, number> {
    return this.#counts;
  }

  /** One cycle. Counts as no operation: a crew's operations here are reads. */
  async batch(): Promise<number> {
    const half = shuffled(this.#own, this.#random).slice(0, this.#own.length >> 1);
    for (const slot of half) this.#slots.empty(slot);
    await turn();
    strategyOf(this.#pool).reclaim(false);
    this.#in(SERIES.with, () => this.#compact());
    this.#in(SERIES.without, () => nap(IDLE_MS));
    for (const slot of half) check(this.#slots.replace(slot, this.#random), 'the pool is too small for its slots.');
    this.#counts['cycles']!++;
    return 0;
  }

  #in(mode: number, work: () => void): void {
    // order: relaxed, both. See Reader.
    Atomics.store(this.#mode, 0, mode);
    work();
    Atomics.store(this.#mode, 0, BUSY);
  }

  #compact(): void {
    const counts = this.#counts;
    for (let movedObjects = 1; movedObjects > 0;) {
      const startMs = performance.now();
      const result = this.#pool.compact({ ms: PAUSE_MS });
      const ms = performance.now() - startMs;
      ({ movedObjects } = result);
      counts['calls']!++;
      counts['compactMs']! += ms;
      counts['pauseMsMax'] = Math.max(counts['pauseMsMax']!, ms);
      counts['objectsMoved']! += movedObjects;
      counts['bytesMoved']! += result.movedBytes;
    }
  }
}

export function createTask(context: TaskContext): Task {
  return context.index === 1 ? new Compactor(context) : new Reader(context);
}
