// Runs one job in a process of its own.

import { fork } from 'node:child_process';
import type {
  CountJob,
  CountResult,
  DensityJob,
  DensityResult,
  Job,
  MetadataJob,
  MetadataResult,
  Reply,
} from './jobs.ts';
import type { ReplayCell, ReplayJob, TimeJob, TimeResult } from './jobs.ts';

/** Beyond the time that the job itself asks for. A job that takes longer hangs. */
const JOB_MS_MAX = 120_000;

type ResultOf<J extends Job> = J extends ReplayJob
  ? Omit<ReplayCell, 'round'>[]
  : J extends CountJob
    ? CountResult
    : J extends TimeJob
      ? TimeResult
      : J extends DensityJob
        ? DensityResult
        : J extends MetadataJob
          ? MetadataResult
          : never;

function failure(error: string): Reply<never> {
  return { ok: false, error, failedCheck: false };
}

/** Sends a job to a new process and waits for its reply. Resolves in every case: a process that dies is a failure. */
export async function runJob<J extends Job>(job: J): Promise<Reply<ResultOf<J>>> {
  const child = fork(new URL('./child.js', import.meta.url), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const expectedMs = job.kind === 'replay' ? job.workers.length * (job.warmUpMs + job.measureMs) : 0;
  return new Promise((resolve) => {
    let reply: Reply<ResultOf<J>> | undefined;
    const timer = setTimeout(() => {
      reply ??= failure(`${job.kind} of ${job.strategyId} did not end within its time; its process was killed.`);
      child.kill('SIGKILL');
    }, expectedMs + JOB_MS_MAX);
    child.once('error', (error) => (reply ??= failure(error.message)));
    child.on('message', (message) => (reply ??= message as Reply<ResultOf<J>>));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve(
        reply ?? failure(`the process of ${job.kind} ended without a reply (${signal ?? code}). ${errors}`.trim()),
      );
    });
    child.send(job);
  });
}
