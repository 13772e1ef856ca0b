// A run of the bench: which jobs, in which order, and what became of them.
//
// RULES
//   1. A round has every job once, those of all scenarios and subjects in one random order; rounds follow each other. What
//      the machine does meanwhile falls on all alike.
//   2. A subject that fails in a scenario is not measured there again: it would only fail again.
//   3. All rounds run. Where there is a budget, a round begins only if it should end within it, but for the first few.
//   4. As many processes as there are cores start side by side and then wait, asleep, until it is their turn: one measures
//      at a time, and nothing starts meanwhile.
//   5. Ctrl-C ends the running process and loses its job only.

import type { Cell, ScenarioInfo } from '../model/measurement.ts';
import type { Skip } from '../model/report.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { SkipError } from '../checks.ts';
import { Random, shuffled } from '../random.ts';
import { Progress } from './progress.ts';
import type { ProgressStream } from './progress.ts';
import type { Reply } from './messages.ts';
import { JobProcess } from './process.ts';
import type { Execute } from './process.ts';

/** Rounds that a run makes even if they exceed its budget. */
export const ROUNDS_MIN = 3;

/** A scenario that takes part. */
export interface Part {
  readonly id: string;
  readonly scenario: Scenario;
}

/** Everything that a run measured. */
export interface Findings {
  readonly infos: readonly ScenarioInfo[];
  readonly cells: readonly Cell[];
  readonly skipped: readonly Skip[];
  readonly failures: readonly string[];
  readonly interrupted: boolean;
}

/** How a session goes about its run. */
export interface SessionOptions {
  readonly rounds: number;
  /** Null: no limit. */
  readonly budgetSeconds: number | null;
  readonly seed: number;
  /** Changes the jobs of a round before they are shuffled: for the tests of the bench itself. */
  readonly rewrite?: (jobs: readonly Job[]) => readonly Job[];
  /** Runs a job; in a process of its own by default. */
  readonly execute?: Execute;
  /** The order of a round's jobs; random by default. */
  readonly order?: (jobs: readonly Job[], random: Random) => readonly Job[];
}

const secondsOf = (jobs: readonly Job[]): number => jobs.reduce((sum, { seconds }) => sum + seconds, 0);

/** See the head of the file. */
export class Session {
  readonly #parts: readonly Part[];
  readonly #run: RunOptions;
  readonly #options: SessionOptions;
  readonly #stream: ProgressStream;
  readonly #random: Random;
  readonly #abort: AbortController = new AbortController();
  readonly #infos: ScenarioInfo[] = [];
  readonly #cells: Cell[] = [];
  readonly #skipped: Skip[] = [];
  readonly #failures: string[] = [];
  readonly #failed: Set<string> = new Set();
  readonly #waiting: Map<Job, JobProcess> = new Map();

  constructor(
    parts: readonly Part[],
    run: RunOptions,
    options: SessionOptions,
    stream: ProgressStream = process.stderr,
  ) {
    this.#parts = parts;
    this.#run = run;
    this.#options = options;
    this.#stream = stream;
    this.#random = new Random(options.seed);
  }

  /** Ends the run soon; what was measured by then stays. */
  interrupt(): void {
    this.#abort.abort();
  }

  async run(): Promise<Findings> {
    const { rounds } = this.#options;
    const plan: (readonly Job[])[] = [];
    for (let round = 0; round < rounds; round++) plan.push(await this.#jobsOf(round));
    const start = performance.now();
    const progress = new Progress(plan.flat().length, secondsOf(plan.flat()), this.#stream);
    progress.announce(rounds);
    for (const [round, jobs] of plan.entries()) {
      if (this.#abort.signal.aborted) break;
      if (this.#isOverBudget(round, (performance.now() - start) / 1000 + progress.scaled(secondsOf(jobs)))) break;
      for (const [index, job] of jobs.entries()) {
        if (this.#abort.signal.aborted) break;
        await this.#do(job, jobs.slice(index + 1), round, progress);
        progress.step(job.seconds);
      }
    }
    progress.end();
    return {
      infos: this.#infos,
      cells: this.#cells,
      skipped: this.#skipped,
      failures: this.#failures,
      interrupted: this.#abort.signal.aborted,
    };
  }

  /** The jobs of a round, in the order in which they are to run. */
  async #jobsOf(round: number): Promise<readonly Job[]> {
    const jobs: Job[] = [];
    for (const { id, scenario } of this.#parts) {
      if (this.#failed.has(id)) continue;
      try {
        jobs.push(...(await scenario.jobs(this.#run, round, this.#random.below(2 ** 31))));
        if (round === 0) this.#infos.push(scenario.describe(this.#run));
      } catch (error) {
        if (!(error instanceof SkipError)) throw error;
        this.#failed.add(id);
        this.#skipped.push({ what: `scenario ${id}`, why: error.message });
      }
    }
    const rewritten = this.#options.rewrite?.(jobs) ?? jobs;
    return this.#options.order?.(rewritten, this.#random) ?? shuffled(rewritten, this.#random);
  }

  #isOverBudget(round: number, endSeconds: number): boolean {
    const { budgetSeconds, rounds } = this.#options;
    if (budgetSeconds === null || round < ROUNDS_MIN || endSeconds <= budgetSeconds) return false;
    const why = `only ${round} fit into ${budgetSeconds} s on this machine; ask for more with --budget or --rounds`;
    this.#skipped.push({ what: `${rounds - round} of ${rounds} rounds`, why });
    return true;
  }

  /** Runs a job in its process; the processes of those that come next start beside it. */
  async #execute(job: Job, next: readonly Job[]): Promise<Reply> {
    const { signal } = this.#abort;
    const { execute } = this.#options;
    if (execute !== undefined) return execute(job, signal);
    if (!this.#waiting.has(job)) {
      const starting = [job, ...next.slice(0, this.#run.cores - 1)];
      for (const one of starting) this.#waiting.set(one, new JobProcess(one, signal));
      await Promise.all([...this.#waiting.values()].map(({ ready }) => ready));
    }
    const own = this.#waiting.get(job)!;
    this.#waiting.delete(job);
    return own.run();
  }

  async #do(job: Job, next: readonly Job[], round: number, progress: Progress): Promise<void> {
    const key = `${job.scenario} ${job.subject}`;
    if (this.#failed.has(key)) {
      this.#waiting.get(job)?.stop();
      this.#waiting.delete(job);
      return;
    }
    progress.show(`round ${round + 1} of ${this.#options.rounds}: ${job.scenario}, ${job.subject}`);
    const reply = await this.#execute(job, next);
    if (reply.ok) {
      for (const cell of reply.cells) this.#cells.push({ ...cell, round });
    } else if (!this.#abort.signal.aborted) {
      this.#failed.add(key);
      this.#failures.push(
        `${job.scenario} of ${job.subject}: ${reply.failedCheck ? 'CHECK FAILED: ' : ''}${reply.error}`,
      );
    }
  }
}
