// Runs one job in a process of its own.

import { fork } from 'node:child_process';
import type { Cell } from '../model/measurement.ts';
import type { Job } from '../model/scenario.ts';

/** What a job's process sends back. */
export type Reply =
  | { readonly ok: true; readonly cells: readonly Omit<Cell, 'round'>[] }
  | { readonly ok: false; readonly error: string; readonly failedCheck: boolean };

/** Beyond the time that the job itself asks for. A job that takes longer hangs. */
const JOB_SECONDS_MAX = 120;

function failure(error: string): Reply {
  return { ok: false, error, failedCheck: false };
}

/**
 * Sends a job to a new process and waits for its reply. Resolves in every case: a process that dies, or is ended by the
 * signal, is a failure.
 */
export async function runJob(job: Job, signal: AbortSignal): Promise<Reply> {
  const child = fork(new URL('./child.js', import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A process group of its own: Ctrl-C ends it through this process, which keeps what was measured.
    detached: true,
  });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  return new Promise((resolve) => {
    let reply: Reply | undefined;
    const timer = setTimeout(
      () => {
        reply ??= failure(`${job.scenario} of ${job.subject} did not end within its time; its process was killed.`);
        kill();
      },
      (job.seconds + JOB_SECONDS_MAX) * 1000,
    );
    child.once('error', (error) => (reply ??= failure(error.message)));
    child.on('message', (message) => (reply ??= message as Reply));
    child.once('close', (code, ended) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      const how = `the process of ${job.scenario} ended without a reply (${ended ?? code}). ${errors}`.trim();
      resolve(reply ?? failure(how));
    });
    child.send(job);
  });
}
