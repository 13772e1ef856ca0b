// The work of a replay's worker: zram's steps, and a compaction now and then.

import type { LatencyRecorder } from '../latencies.ts';
import type { CrewControl } from '../crew/control.ts';
import type { Task, TaskContext } from '../crew/task.ts';
import { Dataset } from '../dataset.ts';
import type { ReplayPool } from '../null-pool.ts';
import { ReplaySteps } from '../replay-steps.ts';
import { SlotTable } from '../slot-table.ts';

/** What a replay's worker is given. */
export interface ReplayPlan {
  readonly dataset: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
}

/** Added to the series of a sample, which is the operation, when a compaction was going on as it began or ended. */
export const BESIDE_COMPACTION = 8;

const BATCH_STEPS = 64;
/** One step in so many is timed: two calls of the clock cost 80 ns, a tenth of an operation. */
const TIMED_EVERY = 8;
/** Batches between two compactions of the same worker: 4096 steps free about 1500 objects, enough to gain something. */
const BATCHES_PER_COMPACTION = 64;
/** Most pages that one compaction may free. */
const COMPACTION_PAGES = 32;

class ReplayTask implements Task {
  readonly #pool: ReplayPool;
  readonly #control: CrewControl;
  readonly #samples: LatencyRecorder;
  readonly #steps: ReplaySteps;
  #batches = 0;
  #compactions = 0;
  #compactionsRefused = 0;
  #compactionMs = 0;
  #compactionMsMax = 0;

  constructor({ pool, control, latencies, plan, random }: TaskContext) {
    const { dataset, slots } = plan as ReplayPlan;
    this.#pool = pool!;
    this.#control = control;
    this.#samples = latencies;
    this.#steps = new ReplaySteps(pool!, new SlotTable(slots), new Dataset(dataset), random);
  }

  enter(): void {
    this.#compactions = 0;
    this.#compactionsRefused = 0;
    this.#compactionMs = 0;
    this.#compactionMsMax = 0;
    this.#steps.withoutPool = 0;
    this.#steps.slotsTaken = 0;
    this.#steps.refused = 0;
  }

  batch(): number {
    let operations = 0;
    for (let count = 0; count < BATCH_STEPS; count++) {
      if (count % TIMED_EVERY !== 0) {
        if (this.#steps.step() >= 0) operations++;
        continue;
      }
      const before = this.#control.isCompacting();
      const start = performance.now();
      const operation = this.#steps.step();
      const ms = performance.now() - start;
      if (operation < 0) continue;
      operations++;
      this.#samples.record(ms, before || this.#control.isCompacting() ? operation + BESIDE_COMPACTION : operation);
    }
    this.#batches++;
    if (this.#batches % BATCHES_PER_COMPACTION === 0) this.#compact();
    return operations;
  }

  #compact(): void {
    this.#control.compactionBegin();
    const start = performance.now();
    const { ran } = this.#pool.compact({ pages: COMPACTION_PAGES });
    const ms = performance.now() - start;
    this.#control.compactionEnd();
    if (!ran) {
      this.#compactionsRefused++;
      return;
    }
    this.#compactions++;
    this.#compactionMs += ms;
    this.#compactionMsMax = Math.max(this.#compactionMsMax, ms);
  }

  counts(): Record<string, number> {
    return {
      withoutPool: this.#steps.withoutPool,
      slotsTaken: this.#steps.slotsTaken,
      refused: this.#steps.refused,
      compactions: this.#compactions,
      compactionsRefused: this.#compactionsRefused,
      compactionMs: this.#compactionMs,
      compactionMsMax: this.#compactionMsMax,
    };
  }
}

export function createTask(context: TaskContext): Task {
  return new ReplayTask(context);
}
