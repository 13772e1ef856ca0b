// Starts the workers of a workload, leads them through its phases, and collects their reports.

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { check } from '../checks.ts';
import { PHASE, WorkloadControl } from './control.ts';

const READY_MS_MAX = 30_000;
/** Between two calls of `look` while the workers measure. */
const LOOK_MS = 20;

/** Starts one worker; resolves with its report when it has ended, so that by then it has detached from everything. */
function startWorker<T>(module: URL, workerData: unknown, transferList: readonly MessagePort[]): Promise<T> {
  const worker = new Worker(module, { workerData, transferList: [...transferList] });
  return new Promise((resolve, reject) => {
    let report: { value: T } | undefined;
    worker.once('message', (value: T) => (report = { value }));
    worker.once('error', reject);
    worker.once('exit', () =>
      report === undefined ? reject(new Error('a worker ended early')) : resolve(report.value),
    );
  });
}

/** What one worker is given. */
export interface Given<D> {
  readonly data: D;
  /** Ports in the data, which leave this agent. */
  readonly ports?: readonly MessagePort[];
}

/** Starts `count` workers of `module`; `give` says what each is given, numbered from 0. */
export function startGang<T, D = unknown>(module: URL, count: number, give: (index: number) => Given<D>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const { data, ports = [] } = give(index);
      return startWorker<T>(module, data, ports);
    }),
  );
}

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

/** Leads a gang that was started; a worker that fails ends it at once, since the others may wait for that one. */
export async function conduct<T>(control: WorkloadControl, reports: Promise<T[]>, how: Conduct): Promise<T[]> {
  const [, result] = await Promise.all([lead(control, how), reports]);
  return result;
}
