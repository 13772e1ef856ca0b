// Sees the warm-up end: the workers' common rate, block by block, no longer rises or falls.
//
// The first cell that a worker runs of its kind is slow for 100 ms and more: the engine compiles, for each worker anew, and
// throws away what it has compiled too early. It gets a patient watch, with a least amount of processor time for each
// worker: where they share cores, and on a busy machine, it would end before it has begun, for a rate is steady as well while
// nothing is compiled yet. Later cells of the kind only have new memory to get used to.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metric } from '../model/measurement.ts';

/** How long to watch. */
export interface Patience {
  readonly blockMs: number;
  /** Last blocks that are compared with as many before them. */
  readonly compared: number;
  readonly blocksMin: number;
  readonly blocksMax: number;
  /** Processor time of the process, all threads together. */
  readonly cpuMsMin: number;
}

/** Processor time in which V8 has compiled what a worker runs. */
const CPU_MS = 250;

/** For workers of which one at least has not run the kind yet. */
export function firstOfKind(workers: number): Patience {
  const turns = Math.max(1, workers / availableParallelism());
  return { blockMs: 10, compared: 3, blocksMin: 10, blocksMax: Math.ceil(50 * turns), cpuMsMin: CPU_MS * workers };
}

export const LATER: Patience = { blockMs: 5, compared: 2, blocksMin: 4, blocksMax: 24, cpuMsMin: 0 };

/** Mean rates that differ by less are alike. */
const CHANGE_MAX = 0.1;

/** How a warm-up went. */
export interface WarmUp {
  readonly ms: number;
  /** False: the rate still changed when patience ended. Then the cell says so. */
  readonly steady: boolean;
}

/** Id of the metric that says whether the warm-up was seen to end. */
export const STEADY_ID = 'steady';

/** Metrics of a warm-up, for every scenario that has one. */
export const WARM_UP_METRICS: readonly Metric[] = [
  { id: 'warmUpMs', label: 'warm-up until the rate was steady', unit: 'ms', better: 'neither' },
  { id: STEADY_ID, label: 'warm-up seen to end (1 yes, 0 no)', unit: '', better: 'neither' },
];

export function warmUpMetrics({ ms, steady }: WarmUp): Record<string, number> {
  return { warmUpMs: ms, [STEADY_ID]: steady ? 1 : 0 };
}

/** True when the last `compared` rates are, together, like as many before them. */
export function isSteady(rates: readonly number[], compared: number): boolean {
  if (rates.length < 2 * compared) return false;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const before = sum(rates.slice(-2 * compared, -compared));
  return Math.abs(sum(rates.slice(-compared)) - before) <= CHANGE_MAX * before;
}

/** Where workers count. */
export interface Counters {
  /** Operations of a worker so far, by its index from 1. */
  operationsOf(index: number): number;
}

/** Watches the workers' counters. */
export class WarmUpWatch {
  readonly #control: Counters;
  readonly #workers: number;

  constructor(control: Counters, workers: number) {
    this.#control = control;
    this.#workers = workers;
  }

  #operations(): number {
    let sum = 0;
    for (let index = 1; index <= this.#workers; index++) sum += this.#control.operationsOf(index);
    return sum;
  }

  /** Resolves when the rate is steady, or when patience ends. */
  async untilSteady({ blockMs, compared, blocksMin, blocksMax, cpuMsMin }: Patience): Promise<WarmUp> {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const cpuMs = (): number => {
      const { user, system } = process.cpuUsage(cpu);
      return (user + system) / 1000;
    };
    const rates: number[] = [];
    let operations = this.#operations();
    let last = start;
    const isOver = (): boolean => rates.length >= blocksMin && cpuMs() >= cpuMsMin && isSteady(rates, compared);
    while (rates.length < blocksMax && !isOver()) {
      await sleep(blockMs);
      const [now, done] = [performance.now(), this.#operations()];
      rates.push((done - operations) / (now - last));
      [operations, last] = [done, now];
    }
    // Workers that sleep take less than was asked for.
    return { ms: last - start, steady: isSteady(rates, compared) };
  }
}
