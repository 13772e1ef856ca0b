// Starts the workers of a replay and collects their reports. They lead themselves, lap by lap: a crew's phases end by the
// clock, and a lap ends when all its calls are made.

import { Worker } from 'node:worker_threads';

/** Starts one worker; resolves with its report when it has ended, so that by then it has detached from everything. */
function startWorker<T>(module: URL, workerData: unknown): Promise<T> {
  const worker = new Worker(module, { workerData });
  return new Promise((resolve, reject) => {
    let report: { value: T } | undefined;
    worker.once('message', (value: T) => (report = { value }));
    worker.once('error', reject);
    worker.once('exit', () =>
      report === undefined ? reject(new Error('a worker ended early')) : resolve(report.value),
    );
  });
}

/** Starts `count` workers of `module`; `give` says what each is given, numbered from 0. */
export function startGang<T, D = unknown>(module: URL, count: number, give: (index: number) => D): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => startWorker<T>(module, give(index))));
}
