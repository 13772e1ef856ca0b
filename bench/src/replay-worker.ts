// One worker of a replay: waits at the barrier, warms up, measures, stops.

import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import type { PoolDescriptor } from '@zsmalloc/core';
import { Dataset } from './dataset.ts';
import { BESIDE_COMPACTION, LatencySamples } from './latency-samples.ts';
import type { SampleBuffers } from './latency-samples.ts';
import { NullPool } from './null-pool.ts';
import type { NullPoolDescriptor, ReplayPool } from './null-pool.ts';
import { Random } from './random.ts';
import { PHASE, ReplayControl } from './replay-control.ts';
import { ReplaySteps } from './replay-steps.ts';
import { SlotTable } from './slot-table.ts';
import { loadStrategy } from './strategies.ts';

/** What a worker is given. */
export interface WorkerJob {
  readonly strategyId: string;
  readonly pool: PoolDescriptor | NullPoolDescriptor;
  readonly dataset: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly samples: SampleBuffers;
  /** From 1; the main agent is 0. */
  readonly index: number;
  readonly seed: number;
}

/** What a worker reports of its measured phase. */
export interface WorkerReport {
  readonly operations: number;
  readonly seconds: number;
  readonly samples: number;
  readonly withoutPool: number;
  readonly slotsTaken: number;
  readonly refused: number;
  readonly compactions: number;
  readonly compactionsRefused: number;
  readonly compactionMs: number;
  readonly compactionMsMax: number;
}

/** Steps between two looks at the phase. */
const BATCH_STEPS = 64;
/** One step in so many is timed: two calls of the clock cost 80 ns, a tenth of an operation. */
const TIMED_EVERY = 8;
/** Batches between two returns to the event loop, where a strategy may see the end of a turn. */
const BATCHES_PER_TURN = 8;
/** Batches between two compactions of the same worker: 4096 steps free about 1500 objects, enough to gain something. */
const BATCHES_PER_COMPACTION = 64;
/** Most pages that one compaction may free. */
const COMPACTION_PAGES = 32;

class ReplayWorker {
  readonly #pool: ReplayPool;
  readonly #control: ReplayControl;
  readonly #samples: LatencySamples;
  readonly #steps: ReplaySteps;
  #operations = 0;
  #compactions = 0;
  #compactionsRefused = 0;
  #compactionMs = 0;
  #compactionMsMax = 0;

  constructor(pool: ReplayPool, job: WorkerJob) {
    this.#pool = pool;
    this.#control = new ReplayControl(job.control);
    this.#samples = new LatencySamples(job.samples);
    const random = new Random(job.seed + job.index);
    this.#steps = new ReplaySteps(pool, new SlotTable(job.slots), new Dataset(job.dataset), random);
  }

  #batch(): void {
    for (let count = 0; count < BATCH_STEPS; count++) {
      if (count % TIMED_EVERY !== 0) {
        if (this.#steps.step() >= 0) this.#operations++;
        continue;
      }
      const before = this.#control.isCompacting();
      const start = performance.now();
      const operation = this.#steps.step();
      const ms = performance.now() - start;
      if (operation < 0) continue;
      this.#operations++;
      this.#samples.record(ms, before || this.#control.isCompacting() ? operation + BESIDE_COMPACTION : operation);
    }
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

  /** Works until the phase changes; returns how many seconds that took. */
  async #work(phase: number): Promise<number> {
    const start = performance.now();
    let batches = 0;
    while (this.#control.phase() === phase) {
      this.#batch();
      batches++;
      if (batches % BATCHES_PER_COMPACTION === 0) this.#compact();
      if (batches % BATCHES_PER_TURN === 0) await turn();
    }
    return (performance.now() - start) / 1000;
  }

  async run(): Promise<WorkerReport> {
    const steps = this.#steps;
    this.#control.ready();
    await this.#work(PHASE.warmUp);
    this.#samples.reset();
    this.#operations = 0;
    this.#compactions = 0;
    this.#compactionsRefused = 0;
    this.#compactionMs = 0;
    this.#compactionMsMax = 0;
    steps.withoutPool = 0;
    steps.slotsTaken = 0;
    const seconds = await this.#work(PHASE.measure);
    return {
      operations: this.#operations,
      seconds,
      samples: this.#samples.count,
      withoutPool: steps.withoutPool,
      slotsTaken: steps.slotsTaken,
      refused: steps.refused,
      compactions: this.#compactions,
      compactionsRefused: this.#compactionsRefused,
      compactionMs: this.#compactionMs,
      compactionMsMax: this.#compactionMsMax,
    };
  }
}

async function attach(job: WorkerJob): Promise<ReplayPool> {
  if (job.pool.kind === 'null-pool') return new NullPool(job.pool, job.index);
  return attachPool(job.pool, { strategies: [await loadStrategy(job.strategyId)] });
}

const job = workerData as WorkerJob;
const pool = await attach(job);
try {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(await new ReplayWorker(pool, job).run());
} finally {
  pool.detach();
}
