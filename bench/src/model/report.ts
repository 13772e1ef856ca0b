// The report of a run: what is written to the JSON file, and what every other form is made from.

import type { Environment } from '../environment.ts';
import type { GoalResult } from './goal.ts';
import type { Cell, ScenarioInfo, Subject } from './measurement.ts';
import type { Row } from './row.ts';
import type { Answer } from './scenario.ts';

export const REPORT_FORMAT = 'zsmalloc-bench';
export const REPORT_VERSION = 2;

/** A part that did not run, and why. */
export interface Skip {
  readonly what: string;
  readonly why: string;
}

/** What was checked, and what was wrong. */
export interface Checks {
  readonly passed: boolean;
  readonly failures: readonly string[];
  readonly cells: number;
  readonly objects: number;
  readonly bytes: number;
}

/** Plain data; `reportSchema` describes it. */
export interface Report {
  readonly format: typeof REPORT_FORMAT;
  readonly version: typeof REPORT_VERSION;
  readonly environment: Environment;
  /** The flags of the run, as they took effect. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  readonly subjects: readonly Subject[];
  readonly scenarios: readonly ScenarioInfo[];
  /** What the run found, by question. */
  readonly answers: readonly Answer[];
  /** What became of each goal; left out where the run did not measure them. */
  readonly goals?: readonly GoalResult[] | undefined;
  readonly rows: readonly Row[];
  readonly cells: readonly Cell[];
  readonly skipped: readonly Skip[];
  /** True when the user ended the run early: what was measured by then is complete. */
  readonly interrupted: boolean;
  readonly checks: Checks;
}
