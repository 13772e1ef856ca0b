// What became of a goal: plain data, written to the report as it is.

import type { Parameters } from './measurement.ts';
import type { Estimate } from './row.ts';

/** One goal for one subject. */
export interface GoalResult {
  readonly goal: string;
  /** What is compared with what, and where. */
  readonly text: string;
  readonly parameters: Parameters;
  readonly subject: string;
  /** Id of the subject that it was compared with; null where it is the same one, or none. */
  readonly against: string | null;
  readonly limit: number;
  readonly bound: 'atMost' | 'atLeast';
  /** Median of the rounds' ratios with its interval; null where nothing was measured. */
  readonly ratio: Estimate | null;
  /** 'open': the interval has the limit inside, or too few rounds for 95 %. */
  readonly verdict: 'met' | 'missed' | 'open' | 'not measured';
  /** Why nothing was measured; null where it was. */
  readonly why: string | null;
}
