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

/** The strategies that tell most, where a scenario need not have all: all of them with --full, or where few take part. */
export function tellingOf({ strategyIds, full }: RunOptions, telling: readonly string[]): readonly string[] {
  const own = strategyIds.filter((id) => telling.includes(id));
  return full || own.length < 2 ? strategyIds : own;
}

/** What a scenario says about the strategies that `tellingOf` leaves out. */
export function leftOut(options: RunOptions, telling: readonly string[]): string[] {
  const missing = options.strategyIds.filter((id) => !tellingOf(options, telling).includes(id));
  return missing.length === 0
    ? []
    : [`only --full has ${missing.join(', ')}: their locks here are those of another one`];
}
