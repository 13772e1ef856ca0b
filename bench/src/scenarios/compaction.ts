// Q3: what compaction costs for each byte that it moves, how long it pauses, and what readers notice of it.

import { SkipError } from '../checks.ts';
import { measureCopy } from '../compaction-copy.ts';
import type { Crew } from '../crew/crew.ts';
import { joinSeries, percentilesOf } from '../latencies.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { Random } from '../random.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import { PAUSE_MS, SERIES } from '../tasks/compaction.ts';
import type { CompactionPlan } from '../tasks/compaction.ts';
import { histogramsOf, measureCells, metric, runCell, stockPool, verifyAndEmpty } from './cells.ts';
import type { MeasuredCell } from './cells.ts';
import { baselineOf } from './choices.ts';

const ID = 'compaction';
const TASK = new URL('../tasks/compaction.js', import.meta.url).href;
const POOL_BYTES = 16 * 2 ** 20;
const SLOTS = 8192;
const WORKERS = 2;
const START_SECONDS = 3;
/** Compaction runs in part of each cycle only: these cells last longer than others. */
const PHASE_SHARE = 2;

function describe(options: RunOptions): ScenarioInfo {
  return {
    id: ID,
    title: 'Compaction: cost of a moved byte, pauses, and readers beside it',
    question: 'Q3',
    description:
      'Alone: compactions of half-freed objects of bench/data, each followed by copyWithin of the same bytes from the same places to ' +
      `the same places. Then one worker compacts in calls of at most ${PAUSE_MS} ms, is idle, and fills up again, while the other reads ` +
      'without pause; reads beside compaction and beside none alternate in one process.',
    metrics: [
      metric('copyRatio', 'compaction / copyWithin of the same bytes', 'ratio'),
      metric('readP99Ratio', 'p99 of reads beside compaction / beside none', 'ratio'),
      metric('compactNsPerByte', 'compaction, for each byte moved', 'ns'),
      metric('copyNsPerByte', 'copyWithin, for each byte', 'ns', 'neither'),
      metric('readP50Us', 'read beside compaction, p50', 'us'),
      metric('readP99Us', 'read beside compaction, p99', 'us'),
      metric('idleP50Us', 'read beside none, p50', 'us'),
      metric('idleP99Us', 'read beside none, p99', 'us'),
      metric('pauseMaxMs', `longest call with a budget of ${PAUSE_MS} ms`, 'ms'),
      metric('movedPerCycle', 'objects moved in a cycle', 'count', 'neither'),
    ],
    parameters: [{ id: 'workers', label: 'workers', values: [WORKERS] }],
    baseline: baselineOf(options),
    limits:
      options.cores < WORKERS
        ? ['fewer cores than workers: the longest pauses are time slices of the operating system']
        : ['other load on the machine shows in p99 and in the longest pause'],
  };
}

function jobs(options: RunOptions, _round: number, seed: number): Job[] {
  if (options.workers.length > 0 && !options.workers.includes(WORKERS))
    throw new SkipError('it needs a compactor and a reader: two workers.');
  const ms = options.seconds * 1000 * PHASE_SHARE;
  const seconds = START_SECONDS + ms / 1000;
  return options.strategyIds.map((subject) => ({
    scenario: ID,
    subject,
    seed,
    plan: { cells: [{ workers: WORKERS }], ms },
    seconds,
  }));
}

async function measureCell(job: Job, crew: Crew, cell: { workers: number }, ms: number): Promise<MeasuredCell> {
  const { subject, seed } = job;
  const copy = await measureCopy(await loadStrategy(strategyIdOf(subject)), new Random(seed));
  const stocked = await stockPool(subject, POOL_BYTES, SLOTS, seed);
  const plan: CompactionPlan = { slots: stocked.slots.buffer, mode: new SharedArrayBuffer(4) };
  const { phases } = await runCell(crew, stocked, job, {
    workers: cell.workers,
    task: TASK,
    kind: ID,
    plan,
    phases: [{ name: 'measure', ms }],
  });
  const { latencies, counts } = phases[0]!;
  const beside = joinSeries(latencies, [SERIES.with]);
  const idle = joinSeries(latencies, [SERIES.without]);
  const [withP, withoutP] = [percentilesOf(beside), percentilesOf(idle)];
  const cycles = counts['cycles']!;
  return {
    scenario: ID,
    subject,
    parameters: { workers: cell.workers },
    metrics: {
      copyRatio: copy.ratio,
      readP99Ratio: withP.p99 === null || withoutP.p99 === null ? null : withP.p99 / withoutP.p99,
      compactNsPerByte: copy.compactNsPerByte,
      copyNsPerByte: copy.copyNsPerByte,
      readP50Us: withP.p50,
      readP99Us: withP.p99,
      idleP50Us: withoutP.p50,
      idleP99Us: withoutP.p99,
      pauseMaxMs: cycles === 0 ? null : counts['pauseMsMax']!,
      movedPerCycle: cycles === 0 ? null : counts['objectsMoved']! / cycles,
    },
    histograms: histogramsOf({ readP99Us: beside, idleP99Us: idle }),
    verified: await verifyAndEmpty(stocked),
  };
}

async function measure(job: Job): Promise<MeasuredCell[]> {
  return measureCells(job, measureCell);
}

export const scenario: Scenario = { describe, jobs, measure };
