// Q2: is RCU an anti-pattern where most operations may be writes?

import type { Crew } from '../crew/crew.ts';
import { WARM_UP_METRICS, warmUpMetrics } from '../crew/warm-up.ts';
import { joinSeries, percentilesOf } from '../latencies.ts';
import { garbageHigh } from '../memory.ts';
import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { SERIES } from '../tasks/write-share.ts';
import type { WriteSharePlan } from '../tasks/write-share.ts';
import { answerWriteShare } from './answers/write-share.ts';
import {
  CPU_METRIC,
  cellJobs,
  cpuValue,
  histogramsOf,
  measureCells,
  metric,
  runCell,
  stockPool,
  verifyAndEmpty,
} from './cells.ts';
import type { CellsPlan, MeasuredCell } from './cells.ts';
import { baselineOf, oversubscription, workersOf } from './choices.ts';

const ID = 'writeShare';
const TASK = new URL('../tasks/write-share.js', import.meta.url).href;
/** About twenty times what is stored: garbage of deferred frees is not to run into the end of the pool. */
const POOL_BYTES = 16 * 2 ** 20;
const SLOTS = 1024;
/** Share of writes, in percent, of the cell that is run first and forgotten. */
const WARM_UP_WRITES = 50;
const CELL_SECONDS = 0.05;
const START_SECONDS = 0.6;

const METRICS: readonly Metric[] = [
  metric('opsPerSecond', 'throughput', 'ops/s', 'higher'),
  CPU_METRIC,
  metric('readP50Us', 'read p50', 'us'),
  metric('readP99Us', 'read p99', 'us'),
  metric('writeP50Us', 'replacement p50', 'us'),
  metric('writeP99Us', 'replacement p99', 'us'),
  metric('garbageBytes', 'most garbage waiting for readers', 'bytes'),
  metric('refused', 'replacements refused: pool full', 'count'),
  ...WARM_UP_METRICS,
];

interface Combination {
  readonly workers: number;
  readonly writes: number;
}

function shares({ quick, full }: RunOptions): readonly number[] {
  if (quick) return [0, 50];
  return full ? [0, 1, 5, 10, 20, 30, 50, 70, 90, 100] : [0, 5, 10, 20, 50, 100];
}

function describe(options: RunOptions): ScenarioInfo {
  const counts = workers(options);
  return {
    id: ID,
    title: 'Share of writes',
    question: 'Q2',
    description:
      'Each worker reads its own objects or replaces them (allocate, write, free the old one), 48 to 3072 bytes, in one pool whose ' +
      'zspages and classes all share. Closed loop; one operation in 16 is timed. Nobody compacts.',
    metrics: METRICS,
    parameters: [
      { id: 'workers', label: 'workers', values: counts },
      { id: 'writes', label: 'writes, %', values: shares(options) },
    ],
    baseline: baselineOf(options),
    limits: [
      ...oversubscription(options.cores, counts),
      'objects are read by their owner only; readers meet in zspages and locks, not in objects',
      'a replacement writes the whole object, so copying is part of it for all strategies alike',
    ],
  };
}

function workers(options: RunOptions): readonly number[] {
  const { cores, full } = options;
  return workersOf(options, full ? [cores, 4 * cores] : [cores]);
}

function jobs(options: RunOptions, _round: number, seed: number): Job[] {
  const cells: Combination[] = workers(options).flatMap((count) =>
    shares(options).map((writes) => ({ workers: count, writes })),
  );
  const ms = options.seconds * 1000;
  const [startSeconds, cellSeconds] = [START_SECONDS, CELL_SECONDS];
  return cellJobs({ scenario: ID, subjects: options.strategyIds, seed, cells, ms, startSeconds, cellSeconds });
}

async function measureCell(job: Job, crew: Crew, cell: Combination, ms: number): Promise<MeasuredCell> {
  const { subject, seed } = job;
  const stocked = await stockPool(subject, POOL_BYTES, SLOTS, seed);
  const plan: WriteSharePlan = { writePercent: cell.writes, slots: stocked.slots.buffer };
  const { phases, warmUp } = await runCell(crew, stocked, job, {
    workers: cell.workers,
    task: TASK,
    kind: ID,
    plan,
    phases: [{ name: 'measure', ms }],
  });
  const [phase] = phases;
  const reads = joinSeries(phase!.latencies, [SERIES.read]);
  const writes = joinSeries(phase!.latencies, [SERIES.write]);
  const [read, write] = [percentilesOf(reads), percentilesOf(writes)];
  const garbageBytes = garbageHigh(stocked.pool);
  return {
    scenario: ID,
    subject,
    parameters: { ...cell },
    metrics: {
      opsPerSecond: phase!.operationsPerSecond,
      ...cpuValue(phase!),
      readP50Us: read.p50,
      readP99Us: read.p99,
      writeP50Us: write.p50,
      writeP99Us: write.p99,
      garbageBytes,
      refused: phase!.counts['refused']!,
      ...warmUpMetrics(warmUp),
    },
    histograms: histogramsOf({ readP50Us: reads, writeP50Us: writes }),
    verified: await verifyAndEmpty(stocked),
  };
}

async function measure(job: Job): Promise<MeasuredCell[]> {
  const [first] = (job.plan as unknown as CellsPlan<Combination>).cells;
  // Reads and writes are warm before the first cell, whichever that is.
  const mixed = { workers: first!.workers, writes: WARM_UP_WRITES };
  return measureCells(job, measureCell, (crew) => measureCell(job, crew, mixed, 0));
}

export const scenario: Scenario = { describe, jobs, measure, answer: answerWriteShare };
