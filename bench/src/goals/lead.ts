// Leads the agents of a cell through its phases.

import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../checks.ts';
import { WarmUpWatch, firstOfKind } from '../crew/warm-up.ts';
import type { WarmUp } from '../crew/warm-up.ts';
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
  readonly measureMs: number;
  /** Called now and then while the workers measure. */
  readonly look?: () => void;
}

/** How it went. */
export interface Led {
  readonly warmUp: WarmUp;
  /** Between the start and the end of the measured phase. */
  readonly seconds: number;
}

/** Leads a gang through its phases. */
export async function lead(control: WorkloadControl, { workers, measureMs, look }: Conduct): Promise<Led> {
  await untilReady(control, workers);
  control.enter(PHASE.warmUp);
  // Each cell has workers of its own.
  const warmUp = await new WarmUpWatch(control, workers).untilSteady(firstOfKind(workers));
  control.enter(PHASE.measure);
  const start = performance.now();
  const end = start + measureMs;
  for (let left = measureMs; left > 0; left = end - performance.now()) {
    await sleep(Math.max(1, look === undefined ? left : Math.min(LOOK_MS, left)));
    look?.();
  }
  const seconds = (performance.now() - start) / 1000;
  control.enter(PHASE.stop);
  return { warmUp, seconds };
}
