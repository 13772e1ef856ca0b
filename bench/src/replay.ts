// The main agent of a replay: makes the pool, starts the workers, and checks everything when they are done.

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { check } from './checks.ts';
import { verifyContents } from './contents.ts';
import { Dataset, readDataset } from './dataset.ts';
import { HARNESS_ID } from './jobs.ts';
import type { CellCompaction, ReplayCell, ReplayJob } from './jobs.ts';
import { createSampleBuffers, summarizeSamples } from './latency-samples.ts';
import type { SampleBuffers } from './latency-samples.ts';
import { measureMemory, verifyEmpty } from './memory.ts';
import { NullPool, createNullPool } from './null-pool.ts';
import type { NullPoolDescriptor, ReplayPool } from './null-pool.ts';
import { Random } from './random.ts';
import { PHASE, ReplayControl } from './replay-control.ts';
import { ReplaySteps } from './replay-steps.ts';
import type { WorkerJob, WorkerReport } from './replay-worker.ts';
import { SlotTable } from './slot-table.ts';
import { loadStrategy } from './strategies.ts';

/** Room over the bytes stored: fragmentation between compactions, overwrites, tables, and garbage of deferred frees. */
const POOL_ROOM = 3;
/** Between two looks at the pool's size while the workers run. */
const SAMPLE_MS = 25;
const START_MS_MAX = 30_000;

interface Started {
  readonly buffers: SampleBuffers;
  readonly report: Promise<WorkerReport>;
}

function startWorker(job: Omit<WorkerJob, 'samples'>): Started {
  const buffers = createSampleBuffers();
  const workerData: WorkerJob = { ...job, samples: buffers };
  const worker = new Worker(new URL('./replay-worker.js', import.meta.url), { workerData });
  const report = new Promise<WorkerReport>((resolve, reject) => {
    let message: WorkerReport | undefined;
    worker.once('message', (received: WorkerReport) => (message = received));
    worker.once('error', reject);
    // Resolves at the exit, not at the message: by then the worker has detached.
    worker.once('exit', () => (message === undefined ? reject(new Error('a worker ended early')) : resolve(message)));
  });
  return { buffers, report };
}

async function waitUntilReady(control: ReplayControl, workers: number): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (control.readyCount() < workers) {
    check(performance.now() < deadline, `only ${control.readyCount()} of ${workers} workers were ready after 30 s.`);
    await sleep(2);
  }
}

/** Lets the workers warm up and measure; returns the most pages seen in use. */
async function conduct(job: ReplayJob, control: ReplayControl, workers: number, pool: Pool | null): Promise<number> {
  await waitUntilReady(control, workers);
  control.enter(PHASE.warmUp);
  await sleep(job.warmUpMs);
  control.enter(PHASE.measure);
  const end = performance.now() + job.measureMs;
  let pagesPeak = 0;
  while (performance.now() < end) {
    await sleep(Math.max(1, Math.min(SAMPLE_MS, end - performance.now())));
    if (pool !== null) pagesPeak = Math.max(pagesPeak, pool.stats().pagesUsed);
  }
  control.enter(PHASE.stop);
  return pagesPeak;
}

function sum(reports: readonly WorkerReport[], field: keyof WorkerReport): number {
  return reports.reduce((total, report) => total + report[field], 0);
}

function compactionOf(pool: Pool, reports: readonly WorkerReport[]): CellCompaction {
  const { pagesCompacted, objectsMoved, busySkips } = pool.stats();
  return {
    calls: sum(reports, 'compactions'),
    callsRefused: sum(reports, 'compactionsRefused'),
    ms: sum(reports, 'compactionMs'),
    msMax: Math.max(...reports.map((report) => report.compactionMsMax)),
    pagesFreed: pagesCompacted,
    objectsMoved,
    busySkips,
  };
}

interface Subject {
  readonly pool: ReplayPool;
  /** Null for the harness alone. */
  readonly real: Pool | null;
  readonly descriptor: WorkerJob['pool'];
}

async function createSubject(job: ReplayJob, workers: number, dataset: Dataset, bytes: number): Promise<Subject> {
  if (job.strategyId === HARNESS_ID) {
    const descriptor: NullPoolDescriptor = createNullPool(workers + 1, dataset.count);
    return { pool: new NullPool(descriptor, 0), real: null, descriptor };
  }
  const strategy = await loadStrategy(job.strategyId);
  const real = createPool({ bytes, strategy });
  return { pool: real, real, descriptor: real.descriptor() };
}

/** Runs one cell with `workers` workers. Throws a CheckError when anything was not as it must be. */
async function runCell(job: ReplayJob, workers: number, buffer: SharedArrayBuffer): Promise<Omit<ReplayCell, 'round'>> {
  const dataset = new Dataset(buffer);
  const { pool, real, descriptor } = await createSubject(job, workers, dataset, buffer.byteLength * POOL_ROOM);
  const slots = SlotTable.create(dataset.count);
  const control = new ReplayControl();
  const random = new Random(job.seed);
  new ReplaySteps(pool, slots, dataset, random).fill();
  const started = Array.from({ length: workers }, (_, index) =>
    startWorker({
      strategyId: job.strategyId,
      pool: descriptor,
      dataset: buffer,
      slots: slots.buffer,
      control: control.buffer,
      index: index + 1,
      seed: job.seed,
    }),
  );
  const reporting = Promise.all(started.map(({ report }) => report));
  // A worker that fails ends the cell at once: the others would wait for it.
  const [pagesPeak, reports] = await Promise.all([conduct(job, control, workers, real), reporting]);
  const seen = verifyContents(pool, slots, dataset);
  const compaction = real === null ? null : compactionOf(real, reports);
  const memory = real === null ? null : await measureMemory(real, slots, dataset, pagesPeak, random);
  if (real !== null) await verifyEmpty(real, slots);
  pool.detach();
  return {
    strategyId: job.strategyId,
    workers,
    operations: sum(reports, 'operations'),
    operationsPerSecond: reports.reduce((rate, report) => rate + report.operations / report.seconds, 0),
    seconds: sum(reports, 'seconds') / workers,
    withoutPool: sum(reports, 'withoutPool'),
    slotsTaken: sum(reports, 'slotsTaken'),
    refused: sum(reports, 'refused'),
    latency: summarizeSamples(started.map(({ buffers }, index) => ({ buffers, count: reports[index]!.samples }))),
    compaction,
    memory,
    checks: {
      objectsVerified: seen.objects,
      bytesVerified: seen.bytes,
      poolVerified: real !== null,
      emptyAtEnd: real !== null,
    },
  };
}

/** Runs the cells of a job one after the other, each with a pool and workers of its own. */
export async function runReplay(job: ReplayJob): Promise<Omit<ReplayCell, 'round'>[]> {
  const dataset = readDataset(job.datasetPath);
  const cells: Omit<ReplayCell, 'round'>[] = [];
  for (const workers of job.workers) cells.push(await runCell(job, workers, dataset));
  return cells;
}
