// Measures put-get: cells by size and number of workers.

import { check } from '../checks.ts';
import type { Cell } from '../model/measurement.ts';
import { HARNESS_ID } from '../strategies.ts';
import { WorkloadControl, warmUpMs } from '../workload/control.ts';
import { conduct, startGang } from '../workload/gang.ts';
import { joinLatencies, latencyMetrics } from '../workload/latency-histogram.ts';
import { checkEmpty, settle } from '../workload/settle.ts';
import { rateOf } from '../workload/work.ts';
import { KEYS } from './store.ts';
import { createStore } from './subjects.ts';
import type { StoreMaker } from './subjects.ts';
import { ValueMaker } from './value.ts';
import type { PutGetJob, PutGetReport } from './worker.ts';

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
  subject: string,
  workers: number,
  sizeBytes: number,
  seconds: number,
  seed: number,
): Promise<Omit<Cell, 'round'>> {
  const maker = await createStore(subject, sizeBytes);
  const values = new ValueMaker(sizeBytes);
  await fill(maker, values);
  const control = new WorkloadControl();
  const module = new URL('./worker.js', import.meta.url);
  const reports = startGang<PutGetReport, PutGetJob>(module, workers, (index) => {
    const store = maker.connect();
    const data = { store, control: control.buffer, index, sizeBytes, seed };
    return { data, ports: store.kind === 'map' ? [store.port] : [] };
  });
  const measureMs = seconds * 1000;
  const done = await conduct(control, reports, { workers, warmUpMs: warmUpMs(seconds), measureMs });
  const count = await verifyAll(maker, values);
  if (maker.pool !== null) await settle(maker.pool);
  const used = maker.own.store.usedBytes();
  await removeAll(maker, count);
  await maker.own.store.close();
  await maker.close();
  const latency = joinLatencies(done.map((report) => report.latency));
  const histogram = latency.toModel();
  const objects = done.reduce((sum, { verified }) => sum + verified, count);
  return {
    scenario: 'put-get',
    subject,
    parameters: { size: sizeBytes, workers },
    metrics: {
      opsPerSecond: rateOf(done),
      ...latencyMetrics(latency),
      overhead: used === null || count === 0 ? null : used / (count * sizeBytes),
    },
    histograms: histogram === null ? {} : { latency: histogram },
    verified: { objects, bytes: objects * sizeBytes, pools: subject === HARNESS_ID || maker.pool === null ? 0 : 1 },
  };
}

/** Runs the cells of a plan one after the other, each with a store and workers of its own. */
export async function measurePutGet(subject: string, plan: PutGetPlan, seed: number): Promise<Omit<Cell, 'round'>[]> {
  const cells: Omit<Cell, 'round'>[] = [];
  for (const size of plan.sizes) {
    for (const workers of plan.workers) cells.push(await measureCell(subject, workers, size, plan.seconds, seed));
  }
  return cells;
}
