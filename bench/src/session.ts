// A run of the bench: which jobs, in which order, and what became of them.

import { mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from '@zsmalloc/core';
import type { Options } from './arguments.ts';
import { totalCalls } from './atomics-count.ts';
import { CLAIMS, isAsStated, statedCalls } from './claims.ts';
import { buildDataset } from './dataset.ts';
import type { DatasetSummary } from './dataset.ts';
import { KERNEL_STEPS, isAsDenseAsKernel } from './density.ts';
import { HARNESS_ID } from './jobs.ts';
import type { CountResult, DensityResult, Job, MetadataResult, ReplayCell, TimeResult } from './jobs.ts';
import { METADATA_SHARE_MAX } from './metadata.ts';
import { runJob } from './process.ts';
import type { Progress } from './progress.ts';
import { Random, shuffled } from './random.ts';
import type { Skip } from './report.ts';
import { BASELINE_ID, loadStrategy } from './strategies.ts';

const WARM_UP_SHARE = 0.3;
const TIMING_BLOCKS = 400;
/** Rounds that a run makes even if they exceed its budget: fewer say nothing about the spread. */
const ROUNDS_MIN = 3;
const METADATA_POOL_BYTES = 2 ** 30;
const METADATA_POOL_BYTES_QUICK = 64 * 2 ** 20;

/** Everything that a run measured. */
export interface Findings {
  dataset: DatasetSummary | null;
  readonly cells: ReplayCell[];
  readonly counts: CountResult[];
  readonly times: TimeResult[];
  readonly density: DensityResult[];
  metadata: MetadataResult | null;
  readonly skipped: Skip[];
  readonly failures: string[];
}

/** Runs the jobs of `options` with the strategies `strategyIds`. */
export class Session {
  readonly findings: Findings = {
    dataset: null,
    cells: [],
    counts: [],
    times: [],
    density: [],
    metadata: null,
    skipped: [],
    failures: [],
  };
  readonly #options: Options;
  readonly #strategyIds: readonly string[];
  readonly #progress: Progress;
  readonly #random: Random;
  readonly #start: number = performance.now();
  /** Strategies that failed: measuring them again would only repeat the failure. */
  readonly #failed: Set<string> = new Set();

  constructor(options: Options, strategyIds: readonly string[], progress: Progress) {
    this.#options = options;
    this.#strategyIds = strategyIds;
    this.#progress = progress;
    this.#random = new Random(options.seed);
  }

  /** Number of jobs, for the progress line. */
  static countJobs({ sections, rounds }: Options, strategies: number): number {
    let jobs = 0;
    if (sections.includes('memory')) jobs += strategies + 1;
    if (sections.includes('micro')) jobs += strategies * (1 + rounds);
    if (sections.includes('replay')) jobs += (strategies + 1) * rounds;
    return jobs;
  }

  async run(): Promise<Findings> {
    const { sections } = this.#options;
    if (sections.includes('memory')) await this.#memory();
    if (sections.includes('micro')) await this.#counts();
    const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-bench-'));
    try {
      const datasetPath = join(folder, 'pages.bin');
      if (sections.includes('replay')) this.findings.dataset = await this.#buildDataset(datasetPath);
      const start = performance.now();
      for (let round = 0; round < this.#options.rounds; round++) {
        if (this.#isOverBudget(round, start)) break;
        if (sections.includes('replay')) await this.#replayRound(round, datasetPath);
        if (sections.includes('micro')) await this.#timingRound(round);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    return this.findings;
  }

  /** True, and noted as skipped, when one more round like those since `start` would exceed the budget. */
  #isOverBudget(round: number, start: number): boolean {
    const { budgetSeconds, rounds } = this.#options;
    if (budgetSeconds === null || round < ROUNDS_MIN) return false;
    const now = performance.now();
    const endMs = now - this.#start + (now - start) / round;
    if (endMs <= budgetSeconds * 1000) return false;
    const why = `the machine is too busy or too slow for all of them in ${budgetSeconds} s; ask with --rounds`;
    this.findings.skipped.push({ what: `${rounds - round} of ${rounds} rounds`, why });
    return true;
  }

  async #do<J extends Job, R>(job: J, what: string, use: (result: R) => void): Promise<void> {
    if (!this.#failed.has(job.strategyId)) {
      this.#progress.show(what);
      const reply = await runJob(job);
      if (reply.ok) use(reply.result as R);
      else this.#fail(job.strategyId, `${what}: ${reply.failedCheck ? 'CHECK FAILED: ' : ''}${reply.error}`);
    }
    this.#progress.step();
  }

  #fail(strategyId: string, failure: string): void {
    this.#failed.add(strategyId);
    this.findings.failures.push(failure);
  }

  async #memory(): Promise<void> {
    for (const strategyId of this.#strategyIds) {
      await this.#do<Job, DensityResult>({ kind: 'density', strategyId }, `density ${strategyId}`, (result) => {
        this.findings.density.push(result);
        if (isAsDenseAsKernel(result.steps)) return;
        const ratios = result.steps.map((step) => (step.bytesUsed / step.bytesStored).toFixed(4)).join(', ');
        const bounds = KERNEL_STEPS.map(({ ratioMax }) => ratioMax).join(', ');
        this.findings.failures.push(`density ${strategyId}: used/stored ${ratios} exceeds the kernel's ${bounds}`);
      });
    }
    const strategyId = this.#strategyIds[0]!;
    const poolBytes = this.#options.quick ? METADATA_POOL_BYTES_QUICK : METADATA_POOL_BYTES;
    if (freemem() < 2 * poolBytes) {
      const free = Math.round(freemem() / 2 ** 20);
      this.findings.skipped.push({ what: 'metadata of a large pool', why: `only ${free} MiB of memory are free` });
      this.#progress.step();
      return;
    }
    await this.#do<Job, MetadataResult>(
      { kind: 'metadata', strategyId, poolBytes },
      'metadata of a large pool',
      (result) => {
        this.findings.metadata = result;
        const share = result.bytesMetadata / result.poolBytes;
        if (share >= METADATA_SHARE_MAX)
          this.findings.failures.push(`metadata takes ${(share * 100).toFixed(2)} % of a full pool`);
      },
    );
  }

  async #counts(): Promise<void> {
    for (const strategyId of this.#strategyIds) {
      await this.#do<Job, CountResult>({ kind: 'count', strategyId }, `count Atomics calls ${strategyId}`, (result) => {
        this.findings.counts.push(result);
        if (CLAIMS[strategyId] === undefined) {
          this.findings.skipped.push({
            what: `stated Atomics calls of ${strategyId}`,
            why: 'src/claims.ts states none',
          });
        }
        for (const { operation, calls } of result.operations) {
          const measured = totalCalls(calls);
          const stated = statedCalls(strategyId, operation);
          if (!isAsStated(strategyId, operation, measured)) {
            this.findings.failures.push(
              `${strategyId}, ${operation}: ${measured} Atomics calls measured, ${stated} stated`,
            );
          }
        }
      });
    }
  }

  async #buildDataset(path: string): Promise<DatasetSummary> {
    this.#progress.show(`compress ${this.#options.pages} pages of ${process.execPath}`);
    const pool = createPool({ bytes: 2 ** 20, strategy: await loadStrategy(BASELINE_ID) });
    const { hugeBytes } = pool;
    pool.detach();
    return buildDataset(process.execPath, path, this.#options.pages, hugeBytes);
  }

  async #replayRound(round: number, datasetPath: string): Promise<void> {
    const { rounds, workers, seconds } = this.#options;
    const measureMs = seconds * 1000;
    for (const strategyId of shuffled([...this.#strategyIds, HARNESS_ID], this.#random)) {
      const job: Job = {
        kind: 'replay',
        strategyId,
        workers: shuffled(workers, this.#random),
        warmUpMs: measureMs * WARM_UP_SHARE,
        measureMs,
        seed: this.#random.below(2 ** 31),
        datasetPath,
      };
      const what = `round ${round + 1} of ${rounds}: replay ${strategyId}, workers ${job.workers.join(' ')}`;
      await this.#do<Job, Omit<ReplayCell, 'round'>[]>(job, what, (cells) => {
        for (const cell of cells) this.findings.cells.push({ ...cell, round });
      });
    }
  }

  async #timingRound(round: number): Promise<void> {
    for (const strategyId of shuffled(this.#strategyIds, this.#random)) {
      const what = `round ${round + 1} of ${this.#options.rounds}: time operations ${strategyId}`;
      await this.#do<Job, TimeResult>({ kind: 'time', strategyId, blocks: TIMING_BLOCKS }, what, (result) =>
        this.findings.times.push(result),
      );
    }
  }
}
