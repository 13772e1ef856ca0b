// Real agents: starts workers, stirs them, stops them, and says what the ones that do not end were doing.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Subject } from '../check.ts';
import { CONTROL, CONTROL_WORDS, DOING, DOING_BASE, DONE_BASE } from './control.ts';

/** Time that an agent has to end once it has been told, in ms: only for agents that hang. */
const END_MS = 8000;
const START_MS = 15_000;
/** One stir: time in which agents run, and in which they are all parked. */
const STIR_MS = 60;
const PARK_MS = 4;

/** How many cores there are for agents. */
export const CORES: number = availableParallelism();

/** Plain data for a role. */
export type RoleData = Readonly<Record<string, unknown>>;

/** What an agent reports: numbers by name, and what is wrong. */
export interface AgentReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly wrong: string | undefined;
}

export interface CrewOptions {
  readonly subject: Subject;
  readonly seed: number;
  /** A role for each agent. */
  readonly roles: readonly string[];
  readonly data: RoleData;
  /** How long they run, in ms. */
  readonly runMs: number;
  /** Parks them all together now and then. */
  readonly stutters?: boolean;
  /** Told of each worker when it has started. */
  readonly onHire?: (worker: Worker) => void;
  /** Runs instead of the waiting for `runMs`; they are stopped when it ends. */
  readonly direct?: (crew: Crew) => Promise<void>;
}

/** What a crew has come to. */
export interface CrewEnd {
  readonly reports: readonly AgentReport[];
  /** What is wrong, or undefined. */
  readonly wrong: string | undefined;
}

export const pauseMs = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** See the head of the file. */
export class Crew {
  readonly control: Int32Array = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  readonly workers: (Worker | undefined)[] = [];
  private readonly options: CrewOptions;
  private readonly reports: (AgentReport | undefined)[] = [];
  private wrong: string | undefined;

  constructor(options: CrewOptions) {
    this.options = options;
    this.control[CONTROL.active] = options.roles.length;
  }

  /** Runs all agents to their end. */
  async run(): Promise<CrewEnd> {
    const { roles, runMs, direct } = this.options;
    for (let i = 0; i < roles.length; i++) this.hire(i);
    await this.until(() => Atomics.load(this.control, CONTROL.ready) >= roles.length, START_MS);
    Atomics.store(this.control, CONTROL.start, 1);
    Atomics.notify(this.control, CONTROL.start);
    if (direct !== undefined) await direct(this);
    else await this.stir(runMs);
    this.set(CONTROL.stutter, 0);
    this.set(CONTROL.active, roles.length);
    this.set(CONTROL.stop, 1);
    await this.until(() => this.workers.every((worker) => worker === undefined), END_MS);
    const hung = this.workers.flatMap((worker, i) => (worker === undefined ? [] : [i]));
    if (hung.length > 0) this.wrong ??= this.describeHung(hung);
    await Promise.all(this.workers.map((worker) => worker?.terminate()));
    const reports = this.reports.map((report) => report ?? { counts: {}, wrong: undefined });
    return { reports, wrong: this.wrong ?? reports.find(({ wrong }) => wrong !== undefined)?.wrong };
  }

  /** What has gone wrong so far. */
  get failed(): boolean {
    return this.wrong !== undefined;
  }

  /** Sets a control word, and wakes who waits for it. */
  set(word: number, value: number): void {
    Atomics.store(this.control, word, value);
    Atomics.notify(this.control, word);
  }

  /** Sections, or whatever they count, of all agents so far. */
  done(): number {
    let sum = 0;
    for (let i = 1; i <= this.options.roles.length; i++) sum += this.control[DONE_BASE + i];
    return sum;
  }

  /** The same of the agent at place i, since it was hired. */
  doneBy(i: number): number {
    return this.control[DONE_BASE + i + 1];
  }

  /** Starts an agent at place i, as number i + 1. */
  hire(i: number): void {
    const { subject, seed, roles, data } = this.options;
    const { module, name, sabotage } = subject;
    const index = i + 1;
    this.control[DONE_BASE + index] = 0;
    const workerData = {
      module,
      name,
      sabotage,
      role: roles[i],
      index,
      seed: seed + 7919 * index,
      control: this.control,
      data,
    };
    const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
    this.workers[i] = worker;
    this.options.onHire?.(worker);
    worker.on('message', (report: AgentReport) => {
      this.reports[i] = report;
      this.wrong ??= report.wrong;
      // It has left the pool. Timers of the strategy would keep it alive.
      void worker.terminate();
    });
    worker.on('error', (error) => {
      this.wrong ??= `agent ${index} (${roles[i]}) threw: ${error.stack ?? error.message}`;
    });
    worker.once('exit', () => {
      if (this.workers[i] === worker) this.workers[i] = undefined;
    });
  }

  /** Lets them run; parks them together now and then, so that they all start again at once. */
  async stir(runMs: number): Promise<void> {
    const endMs = performance.now() + runMs;
    while (performance.now() < endMs && this.wrong === undefined) {
      await pauseMs(Math.min(STIR_MS, Math.max(1, endMs - performance.now())));
      if (this.options.stutters !== true) continue;
      this.set(CONTROL.stutter, 1);
      await pauseMs(PARK_MS);
      this.set(CONTROL.stutter, 0);
    }
  }

  private async until(isOver: () => boolean, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!isOver() && this.wrong === undefined && performance.now() < endMs) await pauseMs(2);
    // Who has failed leaves the others in the middle; they get a moment.
    if (!isOver() && this.wrong !== undefined) await pauseMs(50);
  }

  private describeHung(hung: readonly number[]): string {
    const who = hung.slice(0, 4).map((i) => {
      const doing = DOING[this.control[DOING_BASE + i + 1]];
      return `agent ${i + 1} (${this.options.roles[i]}) is ${doing}, after ${this.control[DONE_BASE + i + 1]} steps`;
    });
    return `${hung.length} of ${this.workers.length} agents do not end: ${who.join('; ')}. Nobody else is inside any more, or all of them wait`;
  }
}
