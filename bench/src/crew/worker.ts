// One worker of a crew: for each cell it attaches to the cell's pool, waits at the barrier, goes through the phases, and
// detaches. Between cells it sleeps in its event loop.

import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import type { Pool, PoolDescriptor } from '@zsmalloc/core';
import { LatencyRecorder } from '../latencies.ts';
import type { LatencyBatch } from '../latencies.ts';
import { NullPool } from '../null-pool.ts';
import type { NullPoolDescriptor, ReplayPool } from '../null-pool.ts';
import { Random } from '../random.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import { spinUntil } from '../tasks/pace.ts';
import { CrewControl, WARM_UP } from './control.ts';
import type { Task, TaskModule } from './task.ts';

/** What a worker is started with. */
export interface WorkerData {
  readonly strategyId: string;
  readonly index: number;
  readonly control: SharedArrayBuffer;
}

/** What a worker is given for a cell. */
export interface WorkerCell {
  /** Null: the task attaches to whatever it needs. */
  readonly pool: PoolDescriptor | NullPoolDescriptor | null;
  readonly workers: number;
  readonly task: string;
  readonly plan: unknown;
  /** For this worker alone. */
  readonly own?: unknown;
  readonly seed: number;
  readonly phases: readonly string[];
  /** Share of its time that the worker wastes on purpose, for the bench's own test; null otherwise. */
  readonly slowdown: number | null;
}

/** What a worker reports of one phase. */
export interface WorkerPhase {
  readonly operations: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly latencies: LatencyBatch;
}

const BATCHES_PER_TURN = 8;

const { strategyId, index, control: controlBuffer } = workerData as WorkerData;
const control = new CrewControl(controlBuffer);
const latencies = new LatencyRecorder();

async function attach(descriptor: WorkerCell['pool']): Promise<{ pool: ReplayPool | null; real: Pool | null }> {
  if (descriptor === null) return { pool: null, real: null };
  if (descriptor.kind === 'null-pool') return { pool: new NullPool(descriptor, index), real: null };
  const real = attachPool(descriptor, { strategies: [await loadStrategy(strategyIdOf(strategyId))] });
  return { pool: real, real };
}

/** The waste is collected up to so much: shorter ones would mostly waste calls of the clock. */
const WASTE_MS = 0.05;

/**
 * Plants a slowdown: wastes a share of what the batches take. A share of 0 wastes nothing, but reads the clock as often.
 */
class Waste {
  readonly #share: number;
  /** Time of a batch that nobody interrupted: falls at once, rises slowly. */
  #usualMs = Infinity;
  #debtMs = 0;

  constructor(share: number) {
    this.#share = share;
  }

  after(beginMs: number): void {
    const now = performance.now();
    this.#usualMs = Math.min(now - beginMs, this.#usualMs * 1.02);
    this.#debtMs += this.#usualMs * this.#share;
    if (this.#debtMs < WASTE_MS) return;
    spinUntil(now + this.#debtMs);
    this.#debtMs = 0;
  }
}

let operationsOfCell = 0;

/** Works until the phase changes; returns the number of operations. */
async function work(task: Task, phase: number, slowdown: number | null): Promise<number> {
  const batchesPerTurn = task.batchesPerTurn ?? BATCHES_PER_TURN;
  const waste = slowdown === null ? null : new Waste(slowdown);
  let operations = 0;
  let batches = 0;
  // At least one batch, even if this worker was off its core for the whole phase: what is divided by it must not be 0.
  do {
    const beginMs = waste === null ? 0 : performance.now();
    const done = task.batch();
    operations += typeof done === 'number' ? done : await done;
    waste?.after(beginMs);
    control.publishOperations(index, operationsOfCell + operations);
    if (++batches % batchesPerTurn === 0) await turn();
  } while (control.phase() === phase);
  operationsOfCell += operations;
  return operations;
}

async function runCell(cell: WorkerCell): Promise<WorkerPhase[]> {
  const { pool, real } = await attach(cell.pool);
  const { createTask } = (await import(cell.task)) as TaskModule;
  const random = new Random(cell.seed + index);
  const { workers, plan, own, slowdown } = cell;
  const task = await createTask({ pool, real, index, workers, plan, own, random, latencies, control });
  operationsOfCell = 0;
  control.publishOperations(index, 0);
  control.ready();
  task.enter('warm-up');
  await work(task, WARM_UP, slowdown);
  const reports: WorkerPhase[] = [];
  for (const [number, name] of cell.phases.entries()) {
    latencies.take();
    task.enter(name);
    const operations = await work(task, WARM_UP + 1 + number, slowdown);
    reports.push({ operations, counts: { ...task.counts() }, latencies: latencies.take() });
  }
  // Not after a failure: with a read open it would fail as well, and hide why.
  await task.close?.();
  pool?.detach();
  return reports;
}

parentPort!.on('message', async (cell: WorkerCell) => {
  const reports = await runCell(cell);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
  parentPort!.postMessage(reports);
});
