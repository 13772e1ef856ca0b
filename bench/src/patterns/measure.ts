// Measures one cell of an allocator pattern: workers, memory at the end, and that everything was right.

import { check } from '../checks.ts';
import { Crew } from '../crew/crew.ts';
import { STEP_SERIES } from '../crew/steps.ts';
import { warmUpMetrics } from '../crew/warm-up.ts';
import { joinSeries } from '../latencies.ts';
import type { Job } from '../model/scenario.ts';
import { ObjectTable } from '../object-table.ts';
import { Random } from '../random.ts';
import { cpuValue, histogramsOf, latencyMetrics } from '../scenarios/cells.ts';
import type { MeasuredCell } from '../scenarios/cells.ts';
import { checkEmpty, settle } from '../settle.ts';
import { HARNESS_ID } from '../strategies.ts';
import { ObjectSteps } from './object-steps.ts';
import type { Pattern } from './pattern.ts';
import { createHeap } from './subjects.ts';
import type { HeapMaker } from './subjects.ts';
import type { PatternTaskPlan } from './task.ts';

const TASK = new URL('./task.js', import.meta.url).href;

/** Who is measured, and the seed of all operations. */
type PatternJob = Pick<Job, 'subject' | 'seed'>;

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

/** Sees the most that is used and stored while the workers run. */
function lookAt({ pool }: HeapMaker, peak: Peak): () => void {
  return () => {
    if (pool === null) return;
    const { bytesUsed, bytesStored: stored } = pool.stats();
    peak.used = Math.max(peak.used, bytesUsed);
    peak.stored = Math.max(peak.stored, stored);
  };
}

async function measureCell(
  pattern: Pattern,
  { subject, seed }: PatternJob,
  crew: Crew,
  workers: number,
  ms: number,
): Promise<MeasuredCell> {
  const maker = await createHeap(subject, pattern.poolBytes(workers));
  const table = ObjectTable.create(pattern.records(workers));
  const words = new SharedArrayBuffer(Math.max(4, pattern.words(workers) * 4));
  const objects = new ObjectSteps(maker.heap, table, new Random(seed), 0);
  pattern.prepare?.(objects, workers);
  const plan: PatternTaskPlan = { pattern: pattern.id, heap: maker.descriptor, table: table.buffer, words };
  const peak: Peak = { used: 0, stored: 0 };
  const { phases, warmUp } = await crew.run({
    pool: null,
    workers,
    task: TASK,
    kind: pattern.id,
    plan,
    seed,
    phases: [{ name: 'measure', ms }],
    slowdown: null,
    look: lookAt(maker, peak),
  });
  const [phase] = phases;
  const { refused, verified, verifiedBytes } = phase!.counts as Record<
    'refused' | 'verified' | 'verifiedBytes',
    number
  >;
  const memory = await measureMemory(maker, table, peak);
  await drain(maker, objects);
  maker.heap.detach();
  const latency = joinSeries(phase!.latencies, [STEP_SERIES]);
  const compared = subject === HARNESS_ID ? 0 : 1;
  return {
    scenario: pattern.id,
    subject,
    parameters: { workers },
    metrics: {
      opsPerSecond: phase!.operationsPerSecond,
      ...cpuValue(phase!),
      ...latencyMetrics(latency),
      ...memory,
      refused,
      ...warmUpMetrics(warmUp),
    },
    histograms: histogramsOf({ p50Us: latency }),
    verified: {
      objects: compared * (verified + objects.verified),
      bytes: compared * (verifiedBytes + objects.verifiedBytes),
      pools: maker.pool === null ? 0 : 3,
    },
  };
}

/** Runs the cells of a plan one after the other, each with a heap of its own. */
export async function measurePattern(pattern: Pattern, job: PatternJob, plan: PatternPlan): Promise<MeasuredCell[]> {
  const crew = Crew.start(job.subject, Math.max(...plan.workers));
  const cells: MeasuredCell[] = [];
  for (const workers of plan.workers) cells.push(await measureCell(pattern, job, crew, workers, plan.seconds * 1000));
  await crew.close();
  return cells;
}
