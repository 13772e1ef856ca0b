// Measures put-get: cells by size and number of workers.

import { check } from '../checks.ts';
import { Crew } from '../crew/crew.ts';
import { STEP_SERIES } from '../crew/steps.ts';
import { warmUpMetrics } from '../crew/warm-up.ts';
import { joinSeries } from '../latencies.ts';
import type { Job } from '../model/scenario.ts';
import { cpuValue, histogramsOf, latencyMetrics } from '../scenarios/cells.ts';
import type { MeasuredCell } from '../scenarios/cells.ts';
import { checkEmpty, settle } from '../settle.ts';
import { HARNESS_ID } from '../strategies.ts';
import { KEYS } from './store.ts';
import { createStore } from './subjects.ts';
import type { StoreMaker } from './subjects.ts';
import { ValueMaker } from './value.ts';
import type { PutGetOwn, PutGetTaskPlan } from './task.ts';

const TASK = new URL('./task.js', import.meta.url).href;

/** Who is measured, and the seed of all operations. */
export type PutGetJob = Pick<Job, 'subject' | 'seed'>;

/** Of three keys, two have a value at the start, which is where the mix settles. */
const EMPTY_EVERY = 3;

/** What one process measures. */
export interface PutGetPlan {
  readonly workers: readonly number[];
  readonly sizes: readonly number[];
  readonly seconds: number;
}

/** Gives two thirds of the keys a value. */
async function fill({ own }: StoreMaker, values: ValueMaker): Promise<void> {
  for (let key = 0; key < KEYS; key++) if (key % EMPTY_EVERY !== 0) await own.store.put(key, values.make(key, 0));
}

/** Verifies every value, and returns how many there are. */
async function verifyAll({ own }: StoreMaker, values: ValueMaker): Promise<number> {
  const target = new Uint8Array(values.sizeBytes);
  let count = 0;
  for (let key = 0; key < KEYS; key++) {
    const length = await own.store.get(key, target);
    if (length < 0) continue;
    values.verify(key, target.subarray(0, length));
    count++;
  }
  return count;
}

/** Removes everything, and sees that it is gone. */
async function removeAll(maker: StoreMaker, expected: number): Promise<void> {
  let removed = 0;
  for (let key = 0; key < KEYS; key++) if (await maker.own.store.remove(key)) removed++;
  check(removed === expected, `${expected} values were there, and ${removed} were removed.`);
  const left = new Uint8Array(2 ** 16);
  for (let key = 0; key < KEYS; key++) {
    check((await maker.own.store.get(key, left)) < 0, `key ${key} was removed and still has a value.`);
  }
  if (maker.pool !== null) await checkEmpty(maker.pool);
}

async function measureCell(
  { subject, seed }: PutGetJob,
  crew: Crew,
  workers: number,
  sizeBytes: number,
  ms: number,
): Promise<MeasuredCell> {
  const maker = await createStore(subject, sizeBytes);
  const values = new ValueMaker(sizeBytes);
  await fill(maker, values);
  const plan: PutGetTaskPlan = { sizeBytes };
  const { phases, warmUp } = await crew.run({
    pool: null,
    workers,
    task: TASK,
    kind: 'put-get',
    plan,
    seed,
    phases: [{ name: 'measure', ms }],
    slowdown: null,
    give() {
      const own: PutGetOwn = { store: maker.connect() };
      return { data: own, ports: own.store.kind === 'map' ? [own.store.port] : [] };
    },
  });
  const [phase] = phases;
  const count = await verifyAll(maker, values);
  if (maker.pool !== null) await settle(maker.pool);
  const used = maker.own.store.usedBytes();
  await removeAll(maker, count);
  await maker.own.store.close();
  await maker.close();
  const latency = joinSeries(phase!.latencies, [STEP_SERIES]);
  const objects = count + phase!.counts['verified']!;
  return {
    scenario: 'put-get',
    subject,
    parameters: { size: sizeBytes, workers },
    metrics: {
      opsPerSecond: phase!.operationsPerSecond,
      ...cpuValue(phase!),
      ...latencyMetrics(latency),
      overhead: used === null || count === 0 ? null : used / (count * sizeBytes),
      ...warmUpMetrics(warmUp),
    },
    histograms: histogramsOf({ p50Us: latency }),
    verified: { objects, bytes: objects * sizeBytes, pools: subject === HARNESS_ID || maker.pool === null ? 0 : 1 },
  };
}

/** Runs the cells of a plan one after the other, each with a store of its own. */
export async function measurePutGet(job: PutGetJob, plan: PutGetPlan): Promise<MeasuredCell[]> {
  const crew = Crew.start(job.subject, Math.max(...plan.workers));
  const cells: MeasuredCell[] = [];
  for (const size of plan.sizes) {
    for (const workers of plan.workers) cells.push(await measureCell(job, crew, workers, size, plan.seconds * 1000));
  }
  await crew.close();
  return cells;
}
