// How long does it take to recover from the death of a worker in the middle of its work, once the death is known?

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { CheckError, SkipError, check } from '../checks.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer, Job, RunOptions, Scenario } from '../model/scenario.ts';
import { Random } from '../random.ts';
import { CONFIDENCE } from '../statistics/bootstrap.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import type { MortalData } from '../tasks/mortal.ts';
import { highest, lowest, roundsOf, select, spell } from './answers/evidence.ts';
import { metric } from './cells.ts';

const ID = 'recovery';
const TASK = new URL('../tasks/mortal.js', import.meta.url);
const POOL_BYTES = 4 * 2 ** 20;
const WORKERS = 3;
const KILLS = 10;
const KILLS_QUICK = 3;
/** Longest life of a worker once it works, in ms. */
const LIFE_MS = 6;
const GOAL_MS = 10;
const JOB_SECONDS = 0.5;
const KILL_SECONDS = 0.2;
/** Only for what hangs. */
const WATCHDOG_MS = 20_000;

function describe(): ScenarioInfo {
  return {
    id: ID,
    title: 'Recovery from the death of a worker',
    question: null,
    description:
      `${WORKERS} workers allocate, write, read, free and compact in one pool; one after the other is terminated at a random instant ` +
      `and replaced. From its exit event to the end of the recovery, in the event loop of an agent that watches. The goal is ${GOAL_MS} ms ` +
      'at the median.',
    metrics: [
      metric('p50Ms', `recovery, median of a round's deaths (goal: ${GOAL_MS})`, 'ms', 'neither'),
      metric('p95Ms', "recovery, 95 % of a round's deaths", 'ms', 'neither'),
      metric('mostMs', "recovery, slowest of a round's deaths", 'ms', 'neither'),
      metric('deaths', 'deaths in a round', 'count', 'neither'),
    ],
    parameters: [],
    baseline: null,
    limits: [
      'strategies that do not declare robust are left out',
      'most deaths find the worker in no call or in a read: what a rebuild of size classes takes shows in the slowest',
    ],
  };
}

async function jobs(options: RunOptions, _round: number, seed: number): Promise<Job[]> {
  const robust: string[] = [];
  for (const subject of options.strategyIds) {
    if ((await loadStrategy(strategyIdOf(subject))).capabilities.robust) robust.push(subject);
  }
  if (robust.length === 0) throw new SkipError('no strategy that takes part declares robust.');
  const deaths = options.quick ? KILLS_QUICK : KILLS;
  const seconds = JOB_SECONDS + deaths * KILL_SECONDS;
  return robust.map((subject) => ({ scenario: ID, subject, seed, plan: { deaths }, seconds }));
}

/** Workers of one pool, which its creator watches, and how long each recovery took. */
class Mortals {
  readonly timesMs: number[] = [];
  private readonly pool: Pool;
  private readonly strategyId: string;
  private readonly random: Random;
  private readonly control = new Int32Array(new SharedArrayBuffer(4));
  private readonly running: Worker[] = [];

  constructor(pool: Pool, strategyId: string, seed: number) {
    this.pool = pool;
    this.strategyId = strategyId;
    this.random = new Random(seed);
  }

  async start(): Promise<void> {
    for (let i = 0; i < WORKERS; i++) await this.hire(i);
  }

  /** Terminates a worker in the middle of its work, and waits for the recovery. */
  async killOne(): Promise<void> {
    const at = this.random.below(WORKERS);
    const worker = this.running[at]!;
    await sleep(this.random.below(LIFE_MS));
    let exitMs = 0;
    // Before the pool's own listener, which recovers in the same event where it can.
    worker.prependOnceListener('exit', () => (exitMs = performance.now()));
    const recovered = new Promise<number>((resolve, reject) => {
      this.onRecovered = () => resolve(performance.now());
      this.onPoisoned = reject;
      setTimeout(() => reject(new CheckError('a recovery does not end.')), WATCHDOG_MS).unref();
    });
    void worker.terminate();
    const endMs = await recovered;
    this.timesMs.push(endMs - exitMs);
    await this.hire(at);
  }

  async stop(): Promise<void> {
    const exits = this.running.map((worker) => once(worker, 'exit'));
    // order: release, pairs with the worker's look.
    Atomics.store(this.control, 0, 1);
    await Promise.all(exits);
  }

  private onRecovered: () => void = () => {};
  private onPoisoned: (error: unknown) => void = () => {};

  private async hire(at: number): Promise<void> {
    const { pool, strategyId, control, random } = this;
    const data: MortalData = { strategyId, pool: pool.descriptor(), seed: random.below(2 ** 30), control };
    const worker = new Worker(TASK, { workerData: data });
    this.running[at] = worker;
    pool.watch(worker, { onRecovered: () => this.onRecovered(), onPoisoned: (error) => this.onPoisoned(error) });
    await once(worker, 'message');
  }
}

async function measure({ subject, seed, plan }: Job): ReturnType<Scenario['measure']> {
  const strategyId = strategyIdOf(subject);
  const pool = createPool({ bytes: POOL_BYTES, strategy: await loadStrategy(strategyId), agents: 2 * WORKERS });
  const mortals = new Mortals(pool, strategyId, seed);
  await mortals.start();
  for (let death = 0; death < (plan['deaths'] as number); death++) await mortals.killOne();
  await mortals.stop();
  pool.verify();
  const { agents, objects } = pool.stats();
  check(agents === 1, `${agents} agents are attached after all workers of ${subject} have gone.`);
  pool.detach();
  const sorted = mortals.timesMs.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return [
    {
      scenario: ID,
      subject,
      parameters: {},
      metrics: { p50Ms: at(0.5), p95Ms: at(0.95), mostMs: at(1), deaths: sorted.length },
      histograms: {},
      verified: { objects, bytes: 0, pools: 1 },
    },
  ];
}

function answer(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const medians = select(rows, 'p50Ms');
  if (medians.length === 0) return null;
  const [fastest, slowest] = [lowest(medians)!, highest(medians)!];
  const tail = highest(select(rows, 'p95Ms'))!;
  const isMet = slowest.value.high <= GOAL_MS && medians.every(({ value }) => value.confidence >= CONFIDENCE);
  return {
    scenario: info.id,
    text:
      `Once a death is known, recovery takes at the median ${spell(fastest, 'ms')} to ${spell(slowest, 'ms')}, and for 95 % of the ` +
      `deaths at most ${spell(tail, 'ms')}; the goal is ${GOAL_MS} ms at the median.`,
    verdict: isMet ? 'proved' : 'open',
    caveats: [`${roundsOf(medians)} rounds`, ...info.limits],
  };
}

export const scenario: Scenario = { describe, jobs, measure, answer };
