// One worker's way through the phases of a workload.

import { setImmediate as turn } from 'node:timers/promises';
import { PHASE } from './control.ts';
import type { WorkloadControl } from './control.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { LatencyCounts } from './latency-histogram.ts';

/** What a worker does again and again. */
export interface Steps {
  /** Does one step and returns its number of operations; 0 when there was nothing to do. */
  step(): number;
}

/** What a worker reports of its measured phase. */
export interface WorkReport {
  readonly operations: number;
  readonly seconds: number;
  readonly latency: LatencyCounts;
}

/** Steps between two looks at the phase. */
const BATCH_STEPS = 64;
/** One step in so many is timed: two looks at the clock cost 80 ns. */
const TIMED_EVERY = 8;
/** Batches between two returns to the event loop, where a strategy may see the end of a turn. */
const BATCHES_PER_TURN = 8;
/** A batch without any operation waits so long: it has nothing to do until another worker acts. */
const IDLE_MS = 0.05;

const idleWord = new Int32Array(new SharedArrayBuffer(4));

/** Does 64 steps; a timed one counts with the time of each of its operations. */
function batch(steps: Steps, latency: LatencyHistogram): number {
  let operations = 0;
  for (let count = 0; count < BATCH_STEPS; count++) {
    if (count % TIMED_EVERY !== 0) {
      operations += steps.step();
      continue;
    }
    const start = performance.now();
    const done = steps.step();
    if (done > 0) latency.record((performance.now() - start) / done);
    operations += done;
  }
  return operations;
}

async function workUntilNext(
  control: WorkloadControl,
  phase: number,
  steps: Steps,
  latency: LatencyHistogram,
): Promise<number> {
  let operations = 0;
  let batches = 0;
  // At least one batch, even if this worker was descheduled for the whole phase: a rate must not be 0 of nothing.
  do {
    const done = batch(steps, latency);
    if (done === 0) Atomics.wait(idleWord, 0, 0, IDLE_MS);
    operations += done;
    if (++batches % BATCHES_PER_TURN === 0) await turn();
  } while (control.phase() === phase);
  return operations;
}

/** Waits for the start, warms up, measures, and reports when the end has come. */
export async function work(control: WorkloadControl, steps: Steps): Promise<WorkReport> {
  const latency = new LatencyHistogram();
  control.ready();
  await workUntilNext(control, PHASE.warmUp, steps, latency);
  latency.reset();
  const start = performance.now();
  const operations = await workUntilNext(control, PHASE.measure, steps, latency);
  return { operations, seconds: (performance.now() - start) / 1000, latency: latency.counts() };
}

/** Steps that end later: each is waited for. */
export interface AsyncSteps {
  step(): Promise<number>;
}

async function workLaterUntilNext(
  control: WorkloadControl,
  phase: number,
  steps: AsyncSteps,
  latency: LatencyHistogram,
): Promise<number> {
  let operations = 0;
  do {
    const start = performance.now();
    const done = await steps.step();
    if (done > 0) latency.record((performance.now() - start) / done);
    operations += done;
  } while (control.phase() === phase);
  return operations;
}

/** `work` for steps that end later. Every one is timed: they take many times as long as a look at the clock. */
export async function workAsync(control: WorkloadControl, steps: AsyncSteps): Promise<WorkReport> {
  const latency = new LatencyHistogram();
  control.ready();
  await workLaterUntilNext(control, PHASE.warmUp, steps, latency);
  latency.reset();
  const start = performance.now();
  const operations = await workLaterUntilNext(control, PHASE.measure, steps, latency);
  return { operations, seconds: (performance.now() - start) / 1000, latency: latency.counts() };
}

/** Operations per second of all workers together, each by its own clock. */
export function rateOf(reports: readonly WorkReport[]): number {
  return reports.reduce((rate, { operations, seconds }) => rate + operations / seconds, 0);
}
