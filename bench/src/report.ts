// The report of a run: what is written to the JSON file and printed as tables.

import type { Options } from './arguments.ts';
import type { DatasetSummary } from './dataset.ts';
import type { Environment } from './environment.ts';
import type { DensityResult, MetadataResult, ReplayCell } from './jobs.ts';
import type { MicroRow, ReplayRow } from './summary.ts';

export const REPORT_FORMAT = 'zsmalloc-bench';
export const REPORT_VERSION = 1;

/** A part that did not run, and why. */
export interface Skip {
  readonly what: string;
  readonly why: string;
}

/** What was checked, and what was wrong. */
export interface Checks {
  readonly passed: boolean;
  readonly failures: readonly string[];
  /** Cells whose contents were all verified at the end. */
  readonly cellsVerified: number;
  readonly objectsVerified: number;
  readonly bytesVerified: number;
}

/** Plain data; `reportSchema` describes it. */
export interface Report {
  readonly format: typeof REPORT_FORMAT;
  readonly version: typeof REPORT_VERSION;
  readonly environment: Environment;
  readonly options: Omit<Options, 'jsonPath'>;
  readonly seconds: number;
  readonly dataset: DatasetSummary | null;
  readonly replayRows: readonly ReplayRow[];
  readonly replayCells: readonly ReplayCell[];
  readonly micro: readonly MicroRow[];
  readonly density: readonly DensityResult[];
  readonly metadata: MetadataResult | null;
  readonly skipped: readonly Skip[];
  readonly checks: Checks;
}
