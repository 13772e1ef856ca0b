// Q3: what does a sleeping reader do to compaction, and compaction to readers?

import { SkipError } from '../checks.ts';
import type { Crew, PhaseOutcome } from '../crew/crew.ts';
import { WARM_UP_METRICS, warmUpMetrics } from '../crew/warm-up.ts';
import { joinSeries, percentilesOf } from '../latencies.ts';
import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { loadStrategy } from '../strategies.ts';
import { SERIES } from '../tasks/sleepers.ts';
import type { Hold, SleepersPlan } from '../tasks/sleepers.ts';
import { answerSleepers } from './answers/sleepers.ts';
import {
  cellJobs,
  histogramsOf,
  latencyMetricsOf,
  latencyValues,
  measureCells,
  metric,
  runCell,
  stockPool,
  verifyAndEmpty,
} from './cells.ts';
import type { MeasuredCell } from './cells.ts';
import { baselineOf, oversubscription, workersOf } from './choices.ts';

const ID = 'sleepers';
const TASK = new URL('../tasks/sleepers.js', import.meta.url).href;
const POOL_BYTES = 16 * 2 ** 20;
const SLOTS = 1024;
/** How long readers stay inside, and how often one begins. */
const HOLDS: Readonly<Record<Hold, { readonly holdMs: number; readonly everyMs: number }>> = {
  us: { holdMs: 0.005, everyMs: 0.25 },
  ms: { holdMs: 2, everyMs: 3 },
  await: { holdMs: 2, everyMs: 3 },
};
const CELL_SECONDS = 0.15;
const START_SECONDS = 0.5;
/** Readers begin rarely: these cells last longer than others. */
const PHASE_SHARE = 1.5;

const METRICS: readonly Metric[] = [
  metric('pagesPerSecond', 'pages freed by compaction', '1/s', 'higher'),
  metric('overhead', 'used / stored after a compaction, garbage included', 'ratio'),
  metric('skipsPerCycle', 'busy zspages skipped in a compaction', 'count'),
  metric('compactMs', 'one compaction', 'ms'),
  metric('compactMaxMs', 'longest compaction', 'ms'),
  metric('migrateBusyShare', 'page migrations refused: busy', '%'),
  ...latencyMetricsOf('read', 'begin of a read, from the intended start,'),
  metric('callP50Us', 'begin of a read, from the call, p50', 'us'),
  metric('callP99Us', 'begin of a read, from the call, p99', 'us'),
  metric('readsPerSecond', 'reads', '1/s', 'higher'),
  ...WARM_UP_METRICS,
];

interface Combination {
  readonly hold: Hold;
  readonly workers: number;
}

function holds({ quick }: RunOptions): readonly Hold[] {
  return quick ? ['ms'] : ['us', 'ms', 'await'];
}

/** One compactor, and readers. */
function workers(options: RunOptions): readonly number[] {
  const { cores, full } = options;
  return workersOf(options, full ? [cores, 1 + cores, 4 * cores] : [1 + cores]).filter((count) => count > 1);
}

function describe(options: RunOptions): ScenarioInfo {
  const counts = workers(options);
  return {
    id: ID,
    title: 'Sleeping readers beside compaction',
    question: 'Q3',
    description:
      'One worker frees half of its objects, compacts, migrates pages and fills up again, without pause; the others read objects in ' +
      `the same zspages at random intended starts (open loop) and stay inside: ${HOLDS.us.holdMs * 1000} us of work, ${HOLDS.ms.holdMs} ms ` +
      `asleep, or ${HOLDS.await.holdMs} ms across await, where the strategy allows it.`,
    metrics: METRICS,
    parameters: [
      { id: 'hold', label: 'hold', values: holds(options) },
      { id: 'workers', label: 'workers', values: counts },
    ],
    baseline: baselineOf(options),
    limits: [
      ...oversubscription(options.cores, counts),
      'strategies whose readers may not hold across await have no such cells: the call does not exist there',
      'latency from the intended start includes 50 to 100 us of late timers (1 ms across await); from the call it does not',
      'a reader asleep for 2 ms stands for one that was descheduled; on strategies that forbid sleeping inside it is just that',
    ],
  };
}

async function jobs(options: RunOptions, _round: number, seed: number): Promise<Job[]> {
  if (workers(options).length === 0) throw new SkipError('it needs a compactor and a reader: two workers.');
  const all: Combination[] = holds(options).flatMap((hold) =>
    workers(options).map((count) => ({ hold, workers: count })),
  );
  const made = options.strategyIds.map(async (subject) => {
    const { capabilities } = await loadStrategy(subject);
    const cells = all.filter(({ hold }) => hold !== 'await' || capabilities.holdAcrossAwait);
    const ms = options.seconds * 1000 * PHASE_SHARE;
    const [startSeconds, cellSeconds] = [START_SECONDS, CELL_SECONDS];
    return cellJobs({ scenario: ID, subjects: [subject], seed, cells, ms, startSeconds, cellSeconds });
  });
  return (await Promise.all(made)).flat();
}

function percentOf(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}

function compactionMetrics({ counts, seconds }: PhaseOutcome): Record<string, number | null> {
  const cycles = counts['cycles']!;
  return {
    pagesPerSecond: counts['pagesFreed']! / seconds,
    overhead: cycles === 0 ? null : counts['bytesUsed']! / counts['bytesStored']!,
    skipsPerCycle: cycles === 0 ? null : counts['busySkips']! / cycles,
    compactMs: cycles === 0 ? null : counts['compactMs']! / cycles,
    compactMaxMs: cycles === 0 ? null : counts['compactMsMax']!,
    migrateBusyShare: percentOf(counts['migrateBusy']!, counts['migrateBusy']! + counts['migrated']!),
    readsPerSecond: counts['reads']! / seconds,
  };
}

async function measureCell(job: Job, crew: Crew, cell: Combination, ms: number): Promise<MeasuredCell> {
  const { subject, seed } = job;
  const stocked = await stockPool(subject, POOL_BYTES, SLOTS, seed);
  const plan: SleepersPlan = { hold: cell.hold, ...HOLDS[cell.hold], slots: stocked.slots.buffer };
  const { phases, warmUp } = await runCell(crew, stocked, job, {
    workers: cell.workers,
    task: TASK,
    kind: ID,
    plan,
    phases: [{ name: 'measure', ms }],
  });
  const [phase] = phases;
  const intended = joinSeries(phase!.latencies, [SERIES.intended]);
  const call = joinSeries(phase!.latencies, [SERIES.call]);
  const { p50, p99 } = percentilesOf(call);
  return {
    scenario: ID,
    subject,
    parameters: { ...cell },
    metrics: {
      ...compactionMetrics(phase!),
      ...latencyValues('read', percentilesOf(intended)),
      callP50Us: p50,
      callP99Us: p99,
      ...warmUpMetrics(warmUp),
    },
    histograms: histogramsOf({ readP50Us: intended, callP50Us: call }),
    verified: await verifyAndEmpty(stocked),
  };
}

async function measure(job: Job): Promise<MeasuredCell[]> {
  return measureCells(job, measureCell);
}

export const scenario: Scenario = { describe, jobs, measure, answer: answerSleepers };
