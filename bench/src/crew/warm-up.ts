// Sees the warm-up end: the workers' common rate, block by block, no longer rises or falls.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Metric } from '../model/measurement.ts';
import type { CrewControl } from './control.ts';

const BLOCK_MS = 5;
/** Two pairs of blocks are compared. */
const BLOCKS_MIN = 4;
const BLOCKS_MAX = 24;
/** Two pairs of blocks whose mean rates differ by less are alike. */
const CHANGE_MAX = 0.1;

/** How a warm-up went. */
export interface WarmUp {
  readonly ms: number;
  /** False: the rate still changed when patience ended. Then the cell says so. */
  readonly steady: boolean;
}

/** Metrics of a warm-up, for every scenario that has one. */
export const WARM_UP_METRICS: readonly Metric[] = [
  { id: 'warmUpMs', label: 'warm-up until the rate was steady', unit: 'ms', better: 'neither' },
  { id: 'steady', label: 'warm-up seen to end (1 yes, 0 no)', unit: '', better: 'neither' },
];

export function warmUpMetrics({ ms, steady }: WarmUp): Record<string, number> {
  return { warmUpMs: ms, steady: steady ? 1 : 0 };
}

/** True when the last two of `rates` are, together, like the two before. */
export function isSteady(rates: readonly number[]): boolean {
  if (rates.length < BLOCKS_MIN) return false;
  const [a, b, c, d] = rates.slice(-BLOCKS_MIN) as [number, number, number, number];
  return Math.abs(c + d - (a + b)) <= CHANGE_MAX * (a + b);
}

/** Watches the workers' counters. */
export class WarmUpWatch {
  readonly #control: CrewControl;
  readonly #workers: number;

  constructor(control: CrewControl, workers: number) {
    this.#control = control;
    this.#workers = workers;
  }

  #operations(): number {
    let sum = 0;
    for (let index = 1; index <= this.#workers; index++) sum += this.#control.operationsOf(index);
    return sum;
  }

  /** Resolves when the rate is steady, or after BLOCKS_MAX blocks. */
  async untilSteady(): Promise<WarmUp> {
    const start = performance.now();
    const rates: number[] = [];
    let operations = this.#operations();
    let last = start;
    while (rates.length < BLOCKS_MAX && !isSteady(rates)) {
      await sleep(BLOCK_MS);
      const [now, done] = [performance.now(), this.#operations()];
      rates.push((done - operations) / (now - last));
      [operations, last] = [done, now];
    }
    return { ms: last - start, steady: isSteady(rates) };
  }
}
