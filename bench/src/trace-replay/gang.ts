// Starts workers that lead themselves, and collects their reports: a replay's go lap by lap, and a lap ends when all its calls
// are made; a crew's phases end by the clock.

import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

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
