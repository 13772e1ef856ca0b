// Measures one cell of an allocator pattern: workers, memory at the end, and that everything was right.

import { check } from '../checks.ts';
import type { Cell } from '../model/measurement.ts';
import { Random } from '../random.ts';
import { HARNESS_ID } from '../strategies.ts';
import { WorkloadControl, warmUpMs } from '../workload/control.ts';
import { conduct, startGang } from '../workload/gang.ts';
import { joinLatencies, latencyMetrics } from '../workload/latency-histogram.ts';
import { checkEmpty, settle } from '../workload/settle.ts';
import { rateOf } from '../workload/work.ts';
import { ObjectSteps } from './object-steps.ts';
import { ObjectTable } from './object-table.ts';
import type { Pattern } from './pattern.ts';
import { createHeap } from './subjects.ts';
import type { HeapMaker } from './subjects.ts';
import type { PatternJob, PatternReport } from './worker.ts';

/** What one process measures of a pattern. */
export interface PatternPlan {
  readonly workers: readonly number[];
  readonly seconds: number;
}

/** Bytes of the objects that the table names. */
function bytesStored(table: ObjectTable): number {
  let bytes = 0;
  for (const record of table.objects()) bytes += table.sizeOf(record);
  return bytes;
}

/** Below so many bytes stored a ratio says how large a page is, and nothing of the allocator. */
const STORED_BYTES_MIN = 2 ** 16;

/** The most that was seen at once while the workers ran. */
interface Peak {
  used: number;
  stored: number;
}

/** Bytes used over bytes stored once the workers have ended; for a pool also after compaction, and at the peak. */
interface Memory {
  readonly overhead: number | null;
  readonly overheadCompacted: number | null;
  readonly overheadPeak: number | null;
}

function ratio(used: number | null, stored: number): number | null {
  return used === null || stored < STORED_BYTES_MIN ? null : used / stored;
}

async function measureMemory({ pool, usedBytes }: HeapMaker, table: ObjectTable, peak: Peak): Promise<Memory> {
  const stored = bytesStored(table);
  if (pool === null) {
    return { overhead: ratio(usedBytes(), stored), overheadCompacted: null, overheadPeak: null };
  }
  await settle(pool);
  pool.verify();
  const before = pool.stats();
  check(before.bytesStored === stored, `the pool counts ${before.bytesStored} bytes stored, the table has ${stored}.`);
  pool.compact();
  await settle(pool);
  pool.verify();
  return {
    overhead: ratio(before.bytesUsed, stored),
    overheadCompacted: ratio(pool.stats().bytesUsed, stored),
    overheadPeak: ratio(peak.used, peak.stored),
  };
}

/** Verifies and frees everything that the table names, and sees that nothing is left. */
async function drain({ pool }: HeapMaker, objects: ObjectSteps): Promise<void> {
  for (const record of objects.table.objects()) objects.drop(record);
  if (pool !== null) await checkEmpty(pool);
}

async function measureCell(
  pattern: Pattern,
  subject: string,
  workers: number,
  seconds: number,
  seed: number,
): Promise<Omit<Cell, 'round'>> {
  const maker = await createHeap(subject, pattern.poolBytes(workers));
  const table = ObjectTable.create(pattern.records(workers));
  const words = new SharedArrayBuffer(Math.max(4, pattern.words(workers) * 4));
  const control = new WorkloadControl();
  const objects = new ObjectSteps(maker.heap, table, new Random(seed), 0);
  pattern.prepare?.(objects, workers);
  const shared = { table: table.buffer, words, control: control.buffer };
  const job = { pattern: pattern.id, heap: maker.descriptor, ...shared, workers, seed: seed + 1 };
  const module = new URL('./worker.js', import.meta.url);
  const reports = startGang<PatternReport, PatternJob>(module, workers, (index) => ({ data: { ...job, index } }));
  const peak: Peak = { used: 0, stored: 0 };
  const look = (): void => {
    if (maker.pool === null) return;
    const { bytesUsed, bytesStored: stored } = maker.pool.stats();
    peak.used = Math.max(peak.used, bytesUsed);
    peak.stored = Math.max(peak.stored, stored);
  };
  const measureMs = seconds * 1000;
  const done = await conduct(control, reports, { workers, warmUpMs: warmUpMs(seconds), measureMs, look });
  const memory = await measureMemory(maker, table, peak);
  await drain(maker, objects);
  maker.heap.detach();
  const latency = joinLatencies(done.map((report) => report.latency));
  const histogram = latency.toModel();
  const sum = (pick: (report: PatternReport) => number): number => done.reduce((all, report) => all + pick(report), 0);
  const compared = subject === HARNESS_ID ? 0 : 1;
  return {
    scenario: pattern.id,
    subject,
    parameters: { workers },
    metrics: {
      opsPerSecond: rateOf(done),
      ...latencyMetrics(latency),
      ...memory,
      refused: sum((report) => report.refused),
    },
    histograms: histogram === null ? {} : { latency: histogram },
    verified: {
      objects: compared * (sum((report) => report.verified) + objects.verified),
      bytes: compared * (sum((report) => report.verifiedBytes) + objects.verifiedBytes),
      pools: maker.pool === null ? 0 : 3,
    },
  };
}

/** Runs the cells of a plan one after the other, each with a heap and workers of its own. */
export async function measurePattern(
  pattern: Pattern,
  subject: string,
  plan: PatternPlan,
  seed: number,
): Promise<Omit<Cell, 'round'>[]> {
  const cells: Omit<Cell, 'round'>[] = [];
  for (const workers of plan.workers) cells.push(await measureCell(pattern, subject, workers, plan.seconds, seed));
  return cells;
}
