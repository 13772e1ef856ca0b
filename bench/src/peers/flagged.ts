// Measures a subject in a further process, which has the flag of Atomics.Mutex.

import { fork } from 'node:child_process';
import type { Cell } from '../model/measurement.ts';
import { MUTEX_FLAG } from './available.ts';
import type { FlaggedJob } from './flagged-child.ts';

/** Rejects with what the process wrote when it ends without cells. */
export function measureFlagged(job: FlaggedJob): Promise<Omit<Cell, 'round'>[]> {
  const child = fork(new URL('./flagged-child.js', import.meta.url), {
    execArgv: [MUTEX_FLAG],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    let cells: Omit<Cell, 'round'>[] | undefined;
    child.once('message', (message) => (cells = message as Omit<Cell, 'round'>[]));
    child.once('error', reject);
    child.once('close', () => {
      if (cells === undefined) reject(new Error(`the process with ${MUTEX_FLAG} ended without a result. ${errors}`));
      else resolve(cells);
    });
    child.send(job);
  });
}
