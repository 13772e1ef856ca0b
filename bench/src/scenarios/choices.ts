// Choices that scenarios share: how many workers, and what the baseline is.

import type { RunOptions } from '../model/scenario.ts';
import { BASELINE_ID } from '../strategies.ts';

/** Numbers of workers: the user's, or the scenario's own. */
export function workersOf({ workers }: RunOptions, own: readonly number[]): readonly number[] {
  return workers.length > 0 ? workers : [...new Set(own)].toSorted((left, right) => left - right);
}

/** The usual baseline; null when it does not take part. */
export function baselineOf({ strategyIds }: RunOptions): string | null {
  return strategyIds.includes(BASELINE_ID) ? BASELINE_ID : null;
}

/** What a scenario says about more workers than cores. */
export function oversubscription(cores: number, workers: readonly number[]): string[] {
  const over = workers.filter((count) => count > cores);
  return over.length === 0 ? [] : [`${over.join(', ')} workers on ${cores} cores are oversubscription, not scaling`];
}
