// Runs one job in a process of its own.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Job } from '../model/scenario.ts';
import { READY } from './messages.ts';
import type { Reply } from './messages.ts';

/** Runs a job; resolves in every case. */
export type Execute = (job: Job, signal: AbortSignal) => Promise<Reply>;

/** Beyond the time that the job itself asks for. A job that takes longer hangs. */
const JOB_SECONDS_MAX = 120;

function failure(error: string): Reply {
  return { ok: false, error, failedCheck: false };
}

/**
 * A process for one job. It loads the scenario's code at once, and then sleeps until `run`: several may start side by side,
 * while nothing is measured.
 */
export class JobProcess {
  /** Resolves when it waits for its job; also when it has failed: then `run` tells. */
  readonly ready: Promise<void>;
  readonly #job: Job;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Reply>;
  #reply: Reply | undefined;

  /** Killed by the signal, whatever it does. */
  constructor(job: Job, signal: AbortSignal) {
    this.#job = job;
    const child = fork(new URL('./child.js', import.meta.url), [job.scenario], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C ends it through this process, which keeps what was measured.
      detached: true,
    });
    this.#child = child;
    let errors = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const kill = (): void => this.stop();
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    child.once('error', (error) => (this.#reply ??= failure(error.message)));
    child.on('message', (message) => {
      if (message !== READY) this.#reply ??= message as Reply;
    });
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, ended) => {
        signal.removeEventListener('abort', kill);
        const how = `the process of ${job.scenario} ended without a reply (${ended ?? code}). ${errors}`.trim();
        resolve(this.#reply ?? failure(how));
      });
    });
    this.ready = new Promise((resolve) => {
      child.once('message', () => resolve());
      child.once('close', () => resolve());
    });
  }

  /** Sends the job and waits for the reply. A process that dies, or is ended by the signal, is a failure. */
  async run(): Promise<Reply> {
    const { scenario, subject, seconds } = this.#job;
    const timer = setTimeout(
      () => {
        this.#reply ??= failure(`${scenario} of ${subject} did not end within its time; its process was killed.`);
        this.stop();
      },
      (seconds + JOB_SECONDS_MAX) * 1000,
    );
    // What went wrong with sending shows in how it ends.
    this.#child.send(this.#job, () => {});
    const reply = await this.#ended;
    clearTimeout(timer);
    return reply;
  }

  /** Ends it, job or not. */
  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
