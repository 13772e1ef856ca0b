// Rounds of a cell summarised: one row for each subject, choice of parameters and metric.

import type { Parameters } from './measurement.ts';

/** A median with a bootstrap interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Confidence of the interval, for instance 0.95. */
  readonly confidence: number;
  /** Number of rounds. */
  readonly count: number;
}

/** A row against the baseline's row with the same parameters. */
export interface Comparison {
  /** Ratio of medians, this one over the baseline, with its bootstrap interval. */
  readonly ratio: Estimate;
  /** Two-sided Mann-Whitney. */
  readonly p: number;
  /** Effect size: Cliff's delta, -1 to 1. */
  readonly delta: number;
  /** True when p is below 0.05 after correcting for the number of comparisons in the scenario; otherwise tables show `~`. */
  readonly significant: boolean;
}

export interface Row {
  readonly scenario: string;
  readonly subject: string;
  readonly parameters: Parameters;
  readonly metric: string;
  readonly value: Estimate;
  /** Null for the baseline itself and where there is none. */
  readonly comparison: Comparison | null;
  /** The values of the rounds, in order: nothing is dropped. */
  readonly rounds: readonly number[];
}
