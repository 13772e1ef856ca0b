// What the scenarios on stamped objects share: a pool with filled slots, its verification at the end, and the job's cells.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { Crew } from '../crew/crew.ts';
import type { CellOutcome, CellSpec, PhaseOutcome } from '../crew/crew.ts';
import { percentilesOf } from '../latencies.ts';
import type { LatencyHistogram, LatencyUs } from '../latencies.ts';
import type { Cell, Histogram, Metric } from '../model/measurement.ts';
import type { Job } from '../model/scenario.ts';
import { Random, shuffled } from '../random.ts';
import { checkEmpty, settle } from '../settle.ts';
import { StampedSlots } from '../stamped-slots.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';

/** A cell as its process knows it. */
export type MeasuredCell = Omit<Cell, 'round'>;

/** A metric; lower is better unless it says otherwise. */
export function metric(id: string, label: string, unit: string, better: Metric['better'] = 'lower'): Metric {
  return { id, label, unit, better };
}

/** A metric that comes out the same every time; lower is better. */
export function exact(id: string, label: string, unit: string): Metric {
  return { ...metric(id, label, unit), exact: true };
}

/** Processor time for each operation: waiting by spinning shows here, what other processes take does not. */
export const CPU_METRIC: Metric = metric('cpuNsPerOp', 'processor time for each operation', 'ns');

export function cpuValue({ cpuSeconds, operations }: PhaseOutcome): Record<string, number | null> {
  return { [CPU_METRIC.id]: operations === 0 ? null : (cpuSeconds * 1e9) / operations };
}

/** Percentiles as metrics with a common prefix. */
export function latencyMetricsOf(prefix: string, label: string): Metric[] {
  return [
    metric(`${prefix}P50Us`, `${label} p50`, 'us'),
    metric(`${prefix}P99Us`, `${label} p99`, 'us'),
    metric(`${prefix}P999Us`, `${label} p99.9`, 'us'),
    metric(`${prefix}MaxUs`, `${label} max`, 'us'),
  ];
}

export function latencyValues(prefix: string, { p50, p99, p999, max }: LatencyUs): Record<string, number | null> {
  return { [`${prefix}P50Us`]: p50, [`${prefix}P99Us`]: p99, [`${prefix}P999Us`]: p999, [`${prefix}MaxUs`]: max };
}

/** Latencies of a scenario that has one kind of them. */
export const LATENCY_METRICS: readonly Metric[] = [
  metric('p50Us', 'latency p50', 'us'),
  metric('p99Us', 'latency p99', 'us'),
  metric('p999Us', 'latency p99.9', 'us'),
  metric('maxUs', 'latency max', 'us'),
];

/** Values of LATENCY_METRICS. */
export function latencyMetrics(latency: LatencyHistogram): Record<string, number | null> {
  const { p50: p50Us, p99: p99Us, p999: p999Us, max: maxUs } = percentilesOf(latency);
  return { p50Us, p99Us, p999Us, maxUs };
}

/** Histograms by metric id; without samples there is none. */
export function histogramsOf(latencies: Readonly<Record<string, LatencyHistogram>>): Record<string, Histogram> {
  const entries = Object.entries(latencies).map(([id, latency]) => [id, latency.toModel()] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Histogram] => entry[1] !== null));
}

/** A pool whose slots are full. */
export interface Stocked {
  readonly pool: Pool;
  readonly slots: StampedSlots;
}

export async function stockPool(subject: string, bytes: number, slotCount: number, seed: number): Promise<Stocked> {
  const pool = createPool({ bytes, strategy: await loadStrategy(strategyIdOf(subject)) });
  const slots = StampedSlots.create(pool, slotCount);
  slots.stock(new Random(seed));
  return { pool, slots };
}

/** Runs one cell on the stocked pool. A self-test may have planted a slowdown in the job's plan. */
export function runCell(
  crew: Crew,
  { pool }: Stocked,
  job: Job,
  spec: Omit<CellSpec, 'pool' | 'seed' | 'slowdown'>,
): Promise<CellOutcome> {
  const slowdown = (job.plan['slowdown'] as number | undefined) ?? null;
  return crew.run({ ...spec, pool: pool.descriptor(), seed: job.seed, slowdown });
}

/** What a job's process is to measure. */
export interface CellsPlan<C> {
  readonly cells: readonly C[];
  readonly ms: number;
}

/** Of what the jobs of a scenario are made, one for each subject. */
export interface CellJobs<C> extends CellsPlan<C> {
  readonly scenario: string;
  readonly subjects: readonly string[];
  readonly seed: number;
  /** Seconds of a job before its first cell, and of a cell beside its measured time. */
  readonly startSeconds: number;
  readonly cellSeconds: number;
}

/** Jobs with all cells each, in an order of their own. */
export function cellJobs<C>({ scenario, subjects, seed, cells, ms, startSeconds, cellSeconds }: CellJobs<C>): Job[] {
  const random = new Random(seed);
  const seconds = startSeconds + cells.length * (cellSeconds + ms / 1000);
  return subjects.map((subject) => ({
    scenario,
    subject,
    seed,
    plan: { cells: shuffled(cells, random), ms },
    seconds,
  }));
}

/** Measures the job's cells one after the other, with one crew. */
export async function measureCells<C extends { readonly workers: number }>(
  job: Job,
  measureCell: (job: Job, crew: Crew, cell: C, ms: number) => Promise<MeasuredCell>,
  prepare?: (crew: Crew) => Promise<unknown>,
): Promise<MeasuredCell[]> {
  const { cells, ms } = job.plan as unknown as CellsPlan<C>;
  const crew = Crew.start(job.subject, Math.max(...cells.map(({ workers }) => workers)));
  await prepare?.(crew);
  const measured: MeasuredCell[] = [];
  for (const cell of cells) measured.push(await measureCell(job, crew, cell, ms));
  await crew.close();
  return measured;
}

/** Verifies all contents and the pool, frees everything, and sees that no page stays in use. Detaches. */
export async function verifyAndEmpty({
  pool,
  slots,
}: Stocked): Promise<{ objects: number; bytes: number; pools: number }> {
  await settle(pool);
  const seen = slots.verifyAll(pool);
  for (let slot = 0; slot < slots.count; slot++) slots.empty(slot);
  await checkEmpty(pool);
  pool.detach();
  return { ...seen, pools: 1 };
}
