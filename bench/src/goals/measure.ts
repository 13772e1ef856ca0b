// Measures the cells of one subject: every workload with every number of agents, one after the other.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@zsmalloc/core';
import { check } from '../checks.ts';
import type { Cell } from '../model/measurement.ts';
import { warmUpMetrics } from '../crew/warm-up.ts';
import type { WarmUp } from '../crew/warm-up.ts';
import { PHASE, WorkloadControl } from './control.ts';
import { startGang } from '../trace-replay/gang.ts';
import { lead } from './lead.ts';
import { checkEmpty } from '../settle.ts';
import { createGoalHeap } from './heaps.ts';
import { SHARED_WORDS } from './kernel.ts';
import { drainShare, prepareShare } from './kernels.ts';
import { measureStoreCell } from './store-cells.ts';
import { isStore } from './subjects.ts';
import { findWorkload } from './workloads.ts';
import type { Workload } from './workloads.ts';
import type { GoalJob, GoalReport } from './worker.ts';

export type GoalCell = Omit<Cell, 'round'>;

/** One cell's parameters. */
export interface GoalPoint {
  readonly workload: string;
  readonly agents: number;
}

/** What one process measures. */
export interface GoalPlan {
  readonly points: readonly GoalPoint[];
  readonly seconds: number;
}

const ENDING_MS_MAX = 60_000;

/** What a pool holds while its objects are still there. */
interface Held {
  readonly pagesUsed: number;
  readonly objects: number;
}

/** Looks at the pool when all workers have stopped and none has freed its objects; then lets them end. */
async function lookAtTheEnd(pool: Pool | null, ending: WorkloadControl, agents: number): Promise<Held | null> {
  const deadline = performance.now() + ENDING_MS_MAX;
  while (ending.readyCount() < agents) {
    check(performance.now() < deadline, `only ${ending.readyCount()} of ${agents} agents came to an end.`);
    await sleep(2);
  }
  const held = pool === null ? null : pool.stats();
  ending.enter(PHASE.stop);
  return held;
}

/** A cell of the data model. @param objects Whose number or content was compared. @param warmUp Null: native code has none. */
export function goalCell(
  subject: string,
  { workload, agents }: GoalPoint,
  opsPerSecond: number,
  objects: number,
  pagesUsed: number | null,
  warmUp: WarmUp | null = null,
): GoalCell {
  const { sizeBytes } = findWorkload(workload);
  return {
    scenario: 'goals',
    subject,
    parameters: { workload, agents },
    metrics: {
      opsPerSecond,
      pagesUsed,
      ...(warmUp && warmUpMetrics(warmUp)),
    },
    histograms: {},
    verified: { objects, bytes: objects * sizeBytes, pools: pagesUsed === null ? 0 : 1 },
  };
}

async function measureHeapCell(
  subject: string,
  { id: workload, stores }: Workload,
  agents: number,
  seconds: number,
): Promise<GoalCell> {
  const { heap, descriptor, pool } = await createGoalHeap(subject, agents);
  const words = new SharedArrayBuffer(SHARED_WORDS * 4);
  const view = new Int32Array(words);
  prepareShare(workload, heap, view, agents);
  const control = new WorkloadControl();
  const ending = new WorkloadControl();
  const job = { workload, heap: descriptor, words, control: control.buffer, ending: ending.buffer, agents };
  const module = new URL('./worker.js', import.meta.url);
  const gang = startGang<GoalReport, GoalJob>(module, agents, (index) => ({ data: { ...job, index } }));
  const how = { workers: agents, measureMs: seconds * 1000 };
  // A worker that fails ends the cell: the process ends with it.
  const [led, reports, held] = await Promise.all([lead(control, how), gang, lookAtTheEnd(pool, ending, agents)]);
  drainShare(workload, heap, view);
  if (pool !== null) {
    await checkEmpty(pool);
    pool.detach();
  }
  // Where contents are compared, every operation is of an object that was; elsewhere the pool counted what was left.
  const operations = reports.reduce((sum, report) => sum + report.operations, 0);
  // One clock for all: with more agents than cores one that starts late would count its few batches as a high rate.
  const rate = operations / led.seconds;
  const objects = stores ? operations : (held?.objects ?? 0);
  return goalCell(subject, { workload, agents }, rate, objects, held?.pagesUsed ?? null, led.warmUp);
}

/** Runs the cells of a plan. */
export async function measureGoals(subject: string, { points, seconds }: GoalPlan): Promise<GoalCell[]> {
  const cells: GoalCell[] = [];
  for (const { workload, agents } of points) {
    const found = findWorkload(workload);
    cells.push(
      isStore(subject)
        ? await measureStoreCell(subject, found, agents, seconds)
        : await measureHeapCell(subject, found, agents, seconds),
    );
  }
  return cells;
}
