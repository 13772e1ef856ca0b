// A scenario: what to measure, and how a process of its own measures it.

import type { Cell, ScenarioInfo, Subject } from './measurement.ts';
import type { Row } from './row.ts';

/** What a run was asked for, as far as scenarios need it. */
export interface RunOptions {
  /** Strategies that take part, in the order of tables. */
  readonly strategyIds: readonly string[];
  readonly cores: number;
  /** Numbers of workers that the user asked for; empty: each scenario has its own. */
  readonly workers: readonly number[];
  /** Measured seconds of one cell, for scenarios that run for a time. */
  readonly seconds: number;
  /** A smoke run: the fewest parameters. */
  readonly quick: boolean;
  /** The whole matrix of parameters instead of the cells that tell most. */
  readonly full: boolean;
  /** Files that the user named, for scenarios that take input. */
  readonly inputs: readonly string[];
  readonly traces: readonly string[];
  /** A folder for temporary files, removed when the run ends. */
  readonly folder: string;
}

/** What one process measures: one subject, some or all of a scenario's parameters. Plain data. */
export interface Job {
  readonly scenario: string;
  readonly subject: string;
  readonly seed: number;
  /** Whatever the scenario's `measure` needs. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** Seconds that it should take; for the estimate of the time left, and the limit after which it counts as hanging. */
  readonly seconds: number;
}

/** An answer to a question in words, with the evidence it rests on. */
export interface Answer {
  readonly scenario: string;
  /** The answer in one sentence, for who reads no further; the text will do where there is none. */
  readonly headline?: string;
  /** One to three sentences with numbers. */
  readonly text: string;
  /** 'proved': intervals or tests exclude the opposite; 'open': they do not, and the text says so. */
  readonly verdict: 'proved' | 'open';
  /** Limits of the answer: cores, rounds, load. */
  readonly caveats: readonly string[];
}

export interface Scenario {
  /** Static description; parameters that depend on the options are made from them. */
  describe(options: RunOptions): ScenarioInfo;
  /**
   * The jobs of one round; the session runs those of all scenarios in random order, each in a fresh process. Empty where
   * the round has nothing to add: what is exact needs one round. Throws a SkipError to leave the scenario out.
   */
  jobs(options: RunOptions, round: number, seed: number): Promise<readonly Job[]> | readonly Job[];
  /** Runs in the child. Throws CheckError when something computed was wrong. */
  measure(job: Job): Promise<readonly Omit<Cell, 'round'>[]>;
  /** Subjects that are no strategies, in the order of tables; they come after the strategies. */
  subjects?(options: RunOptions): readonly Subject[];
  /** The answer, from the summarised rows of this scenario. */
  answer?(rows: readonly Row[], info: ScenarioInfo): Answer | null;
}
