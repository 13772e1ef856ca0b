// Leads the agents of a cell through its phases.

import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../checks.ts';
import { PHASE } from './control.ts';
import type { WorkloadControl } from './control.ts';

const READY_MS_MAX = 30_000;
/** Between two calls of `look` while the workers measure. */
const LOOK_MS = 20;

async function untilReady(control: WorkloadControl, workers: number): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (control.readyCount() < workers) {
    check(performance.now() < deadline, `only ${control.readyCount()} of ${workers} workers were ready after 30 s.`);
    await sleep(1);
  }
}

/** What a gang does, and for how long. */
export interface Conduct {
  readonly workers: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Called now and then while the workers measure. */
  readonly look?: () => void;
}

/** Leads a gang through its phases; returns the seconds between the start and the end of the measured one. */
export async function lead(control: WorkloadControl, { workers, warmUpMs, measureMs, look }: Conduct): Promise<number> {
  await untilReady(control, workers);
  control.enter(PHASE.warmUp);
  await sleep(warmUpMs);
  control.enter(PHASE.measure);
  const start = performance.now();
  const end = start + measureMs;
  for (let left = measureMs; left > 0; left = end - performance.now()) {
    await sleep(Math.max(1, look === undefined ? left : Math.min(LOOK_MS, left)));
    look?.();
  }
  const seconds = (performance.now() - start) / 1000;
  control.enter(PHASE.stop);
  return seconds;
}
