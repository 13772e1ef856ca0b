// Q1: how bad is it to spin on a lock whose holder can be preempted, and what fixes it?

import { check } from '../checks.ts';
import type { CellOutcome, Crew } from '../crew/crew.ts';
import { WARM_UP_METRICS, warmUpMetrics } from '../crew/warm-up.ts';
import { joinSeries, percentilesOf } from '../latencies.ts';
import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { NAIVE_ID } from '../strategies.ts';
import { SERIES } from '../tasks/preempted.ts';
import type { Holder, PreemptedPlan } from '../tasks/preempted.ts';
import { answerPreempted } from './answers/preempted.ts';
import {
  CPU_METRIC,
  cellJobs,
  cpuValue,
  histogramsOf,
  latencyMetricsOf,
  latencyValues,
  metric,
  stockPool,
  verifyAndEmpty,
  measureCells,
  runCell,
} from './cells.ts';
import type { MeasuredCell } from './cells.ts';
import { baselineOf, leftOut, oversubscription, tellingOf, workersOf } from './choices.ts';

const ID = 'preempted';
const TASK = new URL('../tasks/preempted.js', import.meta.url).href;
const POOL_BYTES = 8 * 2 ** 20;
const SLOTS = 512;
const HOLD_US = { short: 0, long: 20 } as const;
/** A tenth of the time, somebody naps inside a section. */
const NAP_EVERY_MS = 10;
const NAP_MS = 1;
const OPEN_PER_SECOND = 8000;
/** The open phase lasts this much of the closed one. */
const OPEN_SHARE = 0.8;
const CELL_SECONDS = 0.11;
const START_SECONDS = 2.6;

const METRICS: readonly Metric[] = [
  metric('opsPerSecond', 'throughput, closed loop', 'ops/s', 'higher'),
  CPU_METRIC,
  ...latencyMetricsOf('acquire', 'acquire, closed loop,'),
  ...latencyMetricsOf('open', 'acquire, from the intended start,'),
  metric('unfairness', 'most over fewest operations of a worker', 'ratio'),
  metric('naps', 'preemptions injected, closed loop', 'count', 'neither'),
  ...WARM_UP_METRICS,
];

/** One cell's parameters. */
interface Combination {
  readonly holder: Holder;
  readonly hold: keyof typeof HOLD_US;
  readonly preempted: 'no' | 'yes';
  readonly workers: number;
}

function combinations(options: RunOptions): Combination[] {
  const { cores, quick, full } = options;
  const most = 4 * cores;
  const cell = (holder: Holder, workers: number, preempted: 'no' | 'yes', hold: Combination['hold'] = 'short') => ({
    holder,
    hold,
    preempted,
    workers,
  });
  if (full) {
    const counts = workersOf(options, [1, cores, 2 * cores, most]);
    return (['class', 'mover', 'reader'] as const).flatMap((holder) =>
      (['short', 'long'] as const).flatMap((hold) =>
        (['no', 'yes'] as const).flatMap((preempted) => counts.map((count) => cell(holder, count, preempted, hold))),
      ),
    );
  }
  const counts = workersOf(options, quick ? [most] : [cores, 2 * cores, most]);
  const last = counts.at(-1)!;
  return [
    ...counts.map((count) => cell('class', count, 'yes')),
    ...(quick ? [] : [cell('class', last, 'no'), cell('class', last, 'yes', 'long')]),
    cell('mover', last, 'yes'),
  ];
}

/** The other strategies have the class lock of `spin`, and the readers' locks of one of these: only --full has them all. */
const TELLING: readonly string[] = ['bigLock', 'spin', 'rwsem', 'preemptibleAtomic', 'rcu'];

function describe(options: RunOptions): ScenarioInfo {
  const cells = combinations(options);
  const values = <K extends keyof Combination>(key: K, order: readonly Combination[K][]): Combination[K][] =>
    order.filter((value) => cells.some((cell) => cell[key] === value));
  const counts = [...new Set(cells.map(({ workers }) => workers))].toSorted((left, right) => left - right);
  return {
    id: ID,
    title: 'Preempted holders',
    question: 'Q1',
    description:
      `Workers want the same lock. Holder "class": an exclusive section; "mover" and "reader": reads of a shared pool beside the sections of a mover. ` +
      `Preempted: about every ${NAP_EVERY_MS} ms one holder naps for ${NAP_MS} ms inside its section. Sections last next to nothing (short) or ${HOLD_US.long} us. ` +
      `First a closed loop, then an open one of ${OPEN_PER_SECOND} operations a second whose latency counts from the intended start. ` +
      `${NAIVE_ID} is the control: it spins without bound.`,
    metrics: METRICS,
    parameters: [
      { id: 'holder', label: 'holder', values: values('holder', ['class', 'mover', 'reader']) },
      { id: 'hold', label: 'hold', values: values('hold', ['short', 'long']) },
      { id: 'preempted', label: 'preempted', values: values('preempted', ['no', 'yes']) },
      { id: 'workers', label: 'workers', values: counts },
    ],
    baseline: baselineOf(options),
    limits: [
      ...oversubscription(options.cores, counts),
      ...leftOut(options, TELLING),
      'a nap stands for a preemption: the operating system picks its moments differently, and its slices are 3 to 4 ms',
      'closed-loop latency leaves out the operations that a stall kept from starting; the open loop counts them, with 50 to 100 us of late timers',
      'every operation reads the clock three times (about 0.15 us), which lengthens sections',
    ],
  };
}

function jobs(options: RunOptions, _round: number, seed: number): Job[] {
  return cellJobs({
    scenario: ID,
    subjects: [...tellingOf(options, TELLING), NAIVE_ID],
    seed,
    cells: combinations(options),
    ms: options.seconds * 1000,
    startSeconds: START_SECONDS,
    cellSeconds: CELL_SECONDS + OPEN_SHARE * options.seconds,
  });
}

function metricsOf({ phases, warmUp }: CellOutcome): Record<string, number | null> {
  const [closed, open] = phases;
  const fewest = Math.max(1, Math.min(...closed!.operationsByWorker));
  return {
    opsPerSecond: closed!.operationsPerSecond,
    ...cpuValue(closed!),
    ...latencyValues('acquire', percentilesOf(joinSeries(closed!.latencies, [SERIES.closed]))),
    ...latencyValues('open', percentilesOf(joinSeries(open!.latencies, [SERIES.open]))),
    unfairness: Math.max(...closed!.operationsByWorker) / fewest,
    naps: closed!.counts['naps']!,
    ...warmUpMetrics(warmUp),
  };
}

async function measureCell(job: Job, crew: Crew, cell: Combination, ms: number): Promise<MeasuredCell> {
  const { subject, seed } = job;
  const { holder, hold, preempted, workers } = cell;
  const stocked = await stockPool(subject, POOL_BYTES, SLOTS, seed);
  const counter = new SharedArrayBuffer(4);
  const plan: PreemptedPlan = {
    holder,
    holdUs: HOLD_US[hold],
    napEveryMs: preempted === 'yes' ? NAP_EVERY_MS : null,
    napMs: NAP_MS,
    openPerSecond: OPEN_PER_SECOND,
    slots: stocked.slots.buffer,
    counter,
    zspages: stocked.pool.stats().zspages,
  };
  const outcome = await runCell(crew, stocked, job, {
    workers,
    task: TASK,
    kind: holder,
    plan,
    phases: [
      { name: 'closed', ms },
      { name: 'open', ms: ms * OPEN_SHARE },
    ],
  });
  const [sections, counted] = [outcome.phases[1]!.counts['sections']!, new Int32Array(counter)[0]!];
  check(sections === counted, `${sections} sections under the lock counted to ${counted}: two were inside at once.`);
  const [closed, open] = outcome.phases;
  const histograms = histogramsOf({
    acquireP50Us: joinSeries(closed!.latencies, [SERIES.closed]),
    openP50Us: joinSeries(open!.latencies, [SERIES.open]),
  });
  return {
    scenario: ID,
    subject,
    parameters: { holder, hold, preempted, workers },
    metrics: metricsOf(outcome),
    histograms,
    verified: await verifyAndEmpty(stocked),
  };
}

async function measure(job: Job): Promise<MeasuredCell[]> {
  return measureCells(job, measureCell);
}

export const scenario: Scenario = { describe, jobs, measure, answer: answerPreempted };
