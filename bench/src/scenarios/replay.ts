// Replay: pages of real files, compressed, kept in a pool as zram keeps them.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { verifyContents } from '../contents.ts';
import { Crew } from '../crew/crew.ts';
import type { CellOutcome } from '../crew/crew.ts';
import { WARM_UP_METRICS, warmUpMetrics } from '../crew/warm-up.ts';
import { Dataset, readDataset } from '../dataset.ts';
import { joinSeries, percentilesOf } from '../latencies.ts';
import type { LatencyHistogram } from '../latencies.ts';
import { measureMemory, verifyEmpty } from '../memory.ts';
import type { CellMemory } from '../memory.ts';
import type { Cell, Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { NullPool, createNullPool } from '../null-pool.ts';
import type { ReplayPool } from '../null-pool.ts';
import { Random, shuffled } from '../random.ts';
import { OPERATION, ReplaySteps } from '../replay-steps.ts';
import { SlotTable } from '../slot-table.ts';
import { HARNESS_ID, loadStrategy, strategyIdOf } from '../strategies.ts';
import { BESIDE_COMPACTION } from '../tasks/replay.ts';
import { CPU_METRIC, LATENCY_METRICS, cpuValue, histogramsOf, latencyMetrics, metric } from './cells.ts';
import { baselineOf, oversubscription, workersOf } from './choices.ts';
import { nameInputs, prepareInput } from './inputs.ts';
import type { PreparedInput } from './inputs.ts';

const ID = 'replay';
const TASK = new URL('../tasks/replay.js', import.meta.url).href;
/** Room over the bytes stored: fragmentation between compactions, overwrites, tables, and garbage of deferred frees. */
const POOL_ROOM = 3;
/** Seconds of a cell beside its phases: its pool, the checks of its contents, the memory at its end. */
const CELL_SECONDS = 0.1;
const START_SECONDS = 0.4;

const METRICS: readonly Metric[] = [
  metric('opsPerSecond', 'throughput', 'ops/s', 'higher'),
  CPU_METRIC,
  ...LATENCY_METRICS,
  metric('readUndisturbedP99Us', 'read p99, nobody compacting', 'us'),
  metric('readBesideP99Us', 'read p99 beside a compaction', 'us'),
  metric('compactionMs', 'one compaction', 'ms'),
  metric('compactionMaxMs', 'longest compaction', 'ms'),
  metric('pagesCompacted', 'pages freed by compactions', 'count', 'neither'),
  metric('busySkips', 'busy zspages skipped', 'count'),
  metric('slotsTaken', 'slots found taken by another worker', 'count', 'neither'),
  metric('refused', 'stores refused: pool full', 'count'),
  metric('peakBytes', 'most bytes used (seen every 25 ms)', 'bytes'),
  metric('limboBytes', 'most garbage waiting for readers', 'bytes'),
  metric('overheadBefore', 'used / stored with half freed', 'ratio'),
  metric('overheadAfter', 'the same after compaction', 'ratio'),
  ...WARM_UP_METRICS,
];

interface ReplayJobPlan {
  readonly workers: readonly number[];
  readonly ms: number;
  readonly datasetPath: string;
  readonly slowdown?: number;
}

let prepared: PreparedInput | undefined;

const pagesOf = ({ quick, full }: RunOptions): number => (quick ? 256 : full ? 4096 : 512);

function workers(options: RunOptions): readonly number[] {
  const { cores, quick, full } = options;
  return workersOf(options, quick ? [2] : full ? [1, cores, 2 * cores, 4 * cores] : [cores]);
}

function describe(options: RunOptions): ScenarioInfo {
  const { cores } = options;
  const summary = prepared?.summary;
  const data =
    summary === undefined
      ? ''
      : ` ${summary.pages} pages, ${summary.samePages} of them same-filled (no object), ${summary.rawPages} incompressible.`;
  return {
    id: ID,
    title: 'Replay: compressed pages, as zram uses them',
    question: null,
    description:
      `Pages of ${nameInputs(options)}, deflated before anything is timed, in a slot table shared by all workers: 64 % reads, 24 % writes, ` +
      `12 % discards, each worker compacting after 4096 steps. Closed loop: each worker goes on as soon as it can.${data}`,
    metrics: METRICS,
    parameters: [{ id: 'workers', label: 'workers', values: workers(options) }],
    baseline: baselineOf(options),
    limits: [
      ...oversubscription(cores, workers(options)),
      'slots are chosen uniformly: a hot object would contend more',
      'latency contains the checksum of about 1 KiB and the slot lock: see the harness; it is of a closed loop, one operation in 8',
    ],
  };
}

async function jobs(options: RunOptions, round: number, seed: number): Promise<Job[]> {
  const random = new Random(seed);
  prepared ??= await prepareInput(options, 'pages.bin', pagesOf(options));
  const { path: datasetPath } = prepared;
  const counts = workers(options);
  const seconds = START_SECONDS + counts.length * (options.seconds * 1.4 + CELL_SECONDS);
  return [...options.strategyIds, HARNESS_ID].map((subject) => {
    const plan: ReplayJobPlan = { workers: shuffled(counts, random), ms: options.seconds * 1000, datasetPath };
    return { scenario: ID, subject, seed: seed + round, plan: { ...plan }, seconds };
  });
}

function latencies({ phases }: CellOutcome): { values: Record<string, number | null>; all: LatencyHistogram } {
  const of = (series: readonly number[]): LatencyHistogram => joinSeries(phases[0]!.latencies, series);
  const operations = Object.values(OPERATION);
  const all = of([...operations, ...operations.map((operation) => operation + BESIDE_COMPACTION)]);
  return {
    values: {
      ...latencyMetrics(all),
      readUndisturbedP99Us: percentilesOf(of([OPERATION.read])).p99,
      readBesideP99Us: percentilesOf(of([OPERATION.read + BESIDE_COMPACTION])).p99,
    },
    all,
  };
}

function poolMetrics(pool: Pool, outcome: CellOutcome, memory: CellMemory): Record<string, number | null> {
  const { counts } = outcome.phases[0]!;
  const { pagesCompacted, busySkips } = pool.stats();
  return {
    compactionMs: counts['compactions'] === 0 ? null : counts['compactionMs']! / counts['compactions']!,
    compactionMaxMs: counts['compactions'] === 0 ? null : counts['compactionMsMax']!,
    pagesCompacted,
    busySkips,
    peakBytes: memory.bytesUsedPeak,
    limboBytes: memory.garbageBytesHigh,
    overheadBefore: memory.halfUsedBefore / memory.halfStored,
    overheadAfter: memory.halfUsedAfter / memory.halfStored,
  };
}

interface Made {
  readonly pool: ReplayPool;
  /** Null for the harness alone. */
  readonly real: Pool | null;
  readonly descriptor: Parameters<Crew['run']>[0]['pool'];
}

async function makePool(subject: string, agents: number, dataset: Dataset, bytes: number): Promise<Made> {
  if (subject === HARNESS_ID) {
    const descriptor = createNullPool(agents, dataset.count);
    return { pool: new NullPool(descriptor, 0), real: null, descriptor };
  }
  const real = createPool({ bytes, strategy: await loadStrategy(strategyIdOf(subject)) });
  return { pool: real, real, descriptor: real.descriptor() };
}

async function measureCell(
  job: Job,
  crew: Crew,
  count: number,
  buffer: SharedArrayBuffer,
): Promise<Omit<Cell, 'round'>> {
  const { ms, slowdown = null } = job.plan as unknown as ReplayJobPlan;
  const dataset = new Dataset(buffer);
  const { pool, real, descriptor } = await makePool(job.subject, count + 1, dataset, buffer.byteLength * POOL_ROOM);
  const slots = SlotTable.create(dataset.count);
  const random = new Random(job.seed);
  new ReplaySteps(pool, slots, dataset, random).fill();
  let pagesPeak = 0;
  const outcome = await crew.run({
    pool: descriptor,
    workers: count,
    task: TASK,
    kind: ID,
    plan: { dataset: buffer, slots: slots.buffer },
    seed: job.seed,
    phases: [{ name: 'measure', ms }],
    slowdown,
    ...(real === null ? {} : { look: () => (pagesPeak = Math.max(pagesPeak, real.stats().pagesUsed)) }),
  });
  const seen = verifyContents(pool, slots, dataset);
  const memory = real === null ? null : await measureMemory(real, slots, dataset, pagesPeak, random);
  const ofPool = real === null ? {} : poolMetrics(real, outcome, memory!);
  if (real !== null) await verifyEmpty(real, slots);
  pool.detach();
  const [phase] = outcome.phases;
  const { values, all } = latencies(outcome);
  return {
    scenario: ID,
    subject: job.subject,
    parameters: { workers: count },
    metrics: {
      opsPerSecond: phase!.operationsPerSecond,
      ...cpuValue(phase!),
      ...values,
      slotsTaken: phase!.counts['slotsTaken']!,
      refused: phase!.counts['refused']!,
      ...ofPool,
      ...warmUpMetrics(outcome.warmUp),
    },
    histograms: histogramsOf({ p50Us: all }),
    verified: { objects: seen.objects, bytes: seen.bytes, pools: real === null ? 0 : 1 },
  };
}

async function measure(job: Job): Promise<Omit<Cell, 'round'>[]> {
  const plan = job.plan as unknown as ReplayJobPlan;
  const dataset = readDataset(plan.datasetPath);
  const crew = Crew.start(job.subject, Math.max(...plan.workers));
  const cells: Omit<Cell, 'round'>[] = [];
  for (const count of plan.workers) cells.push(await measureCell(job, crew, count, dataset));
  await crew.close();
  return cells;
}

export const scenario: Scenario = { describe, jobs, measure };
