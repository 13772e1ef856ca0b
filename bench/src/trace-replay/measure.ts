// Measures the replay of a trace: laps of its agents on workers, and one pass for memory.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { beginRecording, summarizeTrace } from '@zsmalloc/trace';
import type { RecordedPart, Trace, TraceSummary } from '@zsmalloc/trace';
import { check } from '../checks.ts';
import type { Cell } from '../model/measurement.ts';
import { HARNESS_ID, loadStrategy, strategyIdOf } from '../strategies.ts';
import { warmUpMetrics } from '../crew/warm-up.ts';
import type { WarmUp } from '../crew/warm-up.ts';
import { joinLatencies } from '../latencies.ts';
import { histogramsOf, latencyMetrics } from '../scenarios/cells.ts';
import { checkEmpty } from '../settle.ts';
import { startGang } from './gang.ts';
import { createLaps, Laps } from './laps.ts';
import { loadTrace, traceName } from './load.ts';
import { measureTraceMemory } from './memory-pass.ts';
import type { TraceMemory } from './memory-pass.ts';
import { createObjectStates } from './object-states.ts';
import { checkOrder } from './order-check.ts';
import { WINDOW_CALLS, createPace } from './pace.ts';
import { planReplay } from './plan.ts';
import type { ReplayPlan } from './plan.ts';
import { splitLarge } from './split-large.ts';
import type { TraceWorkerJob, TraceWorkerReport } from './worker.ts';

/** Of a pool with default pages. */
const OBJECT_BYTES_MAX = 4096;
/** Room over the peak of the bytes stored: fragmentation, tables, and garbage of deferred frees. */
const POOL_ROOM = 3;
/** A small object takes a header, a cell and its rounding besides. */
const OBJECT_ROOM_BYTES = 48;
const POOL_BYTES_MIN = 2 ** 23;
/** Besides the workers, the main agent attaches. */
const WORKERS_MAX = 250;

/** What one process measures. */
export interface TracePlan {
  readonly path: string;
  /** How many times the trace's agents run side by side on one pool. */
  readonly copies: readonly number[];
  readonly seconds: number;
}

/** A trace, made ready. */
interface Prepared {
  readonly trace: Trace;
  readonly plan: ReplayPlan;
  readonly summary: TraceSummary;
}

function prepare(path: string): Prepared {
  const { trace } = splitLarge(loadTrace(path), OBJECT_BYTES_MAX);
  return { trace, plan: planReplay(trace), summary: summarizeTrace(trace) };
}

function newPool(strategy: Strategy, { agents, peakLiveBytes, peakLiveObjects }: TraceSummary, copies: number): Pool {
  const ahead = agents.length > 1 ? WINDOW_CALLS * OBJECT_BYTES_MAX : 0;
  const room = copies * (peakLiveBytes * POOL_ROOM + peakLiveObjects * OBJECT_ROOM_BYTES + ahead);
  return createPool({ bytes: POOL_BYTES_MIN + room, strategy, agents: WORKERS_MAX + 1 });
}

/** What the workers of a replay found out. */
export interface Replayed {
  readonly reports: readonly TraceWorkerReport[];
  readonly seconds: number;
  readonly laps: number;
  readonly warmUp: WarmUp;
}

/** Replays a plan on the workers; null for `pool` replays without an allocator. */
export async function replayPlan(
  plan: ReplayPlan,
  subject: string,
  pool: Pool | null,
  mayHold: boolean,
  copies: number,
  seconds: number,
): Promise<Replayed> {
  const workers = plan.agents.length * copies;
  check(
    workers <= WORKERS_MAX,
    `a replay of ${copies} times ${plan.agents.length} agents needs more than ${WORKERS_MAX} workers.`,
  );
  const laps = createLaps(workers, seconds * 1000);
  const states = Array.from({ length: copies }, () => createObjectStates(plan.objects, plan.uses));
  const paces = Array.from({ length: copies }, () => createPace(plan.agents.length));
  const recording = beginRecording();
  const shared = { subject, pool: pool?.descriptor() ?? null, mayHold, sizes: plan.sizes, laps, recording };
  const module = new URL('./worker.js', import.meta.url);
  const reports = await startGang<TraceWorkerReport, TraceWorkerJob>(module, workers, (index) => {
    const agent = index % plan.agents.length;
    const copy = Math.floor(index / plan.agents.length);
    const { calls, left } = plan.agents[agent]!;
    return { data: { ...shared, agent, calls, left, states: states[copy]!, pace: paces[copy]! } };
  });
  if (pool !== null) checkOrder({ plan, parts: reports.map(({ part }) => part as RecordedPart), mayHold });
  return { reports, ...new Laps(laps).measured() };
}

interface Speed {
  readonly metrics: Record<string, number | null>;
  readonly histograms: Cell['histograms'];
  readonly objects: number;
  readonly bytes: number;
}

async function measureSpeed(prepared: Prepared, subject: string, copies: number, seconds: number): Promise<Speed> {
  const { plan, summary } = prepared;
  const strategy = subject === HARNESS_ID ? null : await loadStrategy(strategyIdOf(subject));
  const pool = strategy === null ? null : newPool(strategy, summary, copies);
  const mayHold = strategy?.capabilities.holdAcrossAwait ?? false;
  const {
    reports,
    laps,
    warmUp,
    seconds: lapSeconds,
  } = await replayPlan(plan, subject, pool, mayHold, copies, seconds);
  if (pool !== null) {
    await checkEmpty(pool);
    pool.detach();
  }
  const sum = (pick: (report: TraceWorkerReport) => number): number =>
    reports.reduce((all, report) => all + pick(report), 0);
  const latency = joinLatencies(reports.map((report) => report.latency));
  return {
    metrics: {
      opsPerSecond: sum(({ calls }) => calls) / lapSeconds,
      ...latencyMetrics(latency),
      nsPerCall: (sum(({ runMs, waitMs }) => runMs - waitMs) * 1e6) / sum(({ calls }) => calls),
      waitShare: sum(({ waitMs }) => waitMs) / (lapSeconds * 1000 * reports.length),
      laps,
      ...warmUpMetrics(warmUp),
    },
    histograms: histogramsOf({ p50Us: latency }),
    objects: pool === null ? 0 : sum(({ verified }) => verified),
    bytes: pool === null ? 0 : sum(({ verifiedBytes }) => verifiedBytes),
  };
}

const NO_MEMORY: Record<Exclude<keyof TraceMemory, 'verified'>, null> = {
  overheadPeak: null,
  overheadHalf: null,
  overheadCompacted: null,
  compactMs: null,
  objectsMoved: null,
};

/** Runs the cells of a plan: one for each number of copies. */
export async function measureTrace(subject: string, plan: TracePlan): Promise<Omit<Cell, 'round'>[]> {
  const prepared = prepare(plan.path);
  const { verified, ...memory } =
    subject === HARNESS_ID
      ? { verified: 0, ...NO_MEMORY }
      : await measureTraceMemory(
          newPool(await loadStrategy(strategyIdOf(subject)), prepared.summary, 1),
          prepared.trace,
        );
  const cells: Omit<Cell, 'round'>[] = [];
  for (const copies of plan.copies) {
    const { metrics, histograms, objects, bytes } = await measureSpeed(prepared, subject, copies, plan.seconds);
    cells.push({
      scenario: 'trace',
      subject,
      parameters: { trace: traceName(plan.path), copies },
      metrics: { ...metrics, ...memory },
      histograms,
      verified: { objects: objects + verified, bytes, pools: subject === HARNESS_ID ? 0 : 4 },
    });
  }
  return cells;
}
