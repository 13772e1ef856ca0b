// What a check is, and what it finds. A check belongs to one or more rows; it runs in a process that may be killed.

import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import type { InvariantNumber } from './invariants.ts';

/**
 * explorer: every schedule of a small case. unit: one thread, calls counted. torture: real workers. killer: real workers
 * that are terminated.
 */
export type CheckKind = 'explorer' | 'unit' | 'torture' | 'killer';

/** A strategy, and where to import it from: a worker cannot be sent code. */
export interface Subject {
  /** File URL or bare specifier. */
  readonly module: string;
  /** Name of the export. */
  readonly name: string;
  readonly strategy: Strategy;
  /** Id of a bug to plant, for negative controls. */
  readonly sabotage?: string;
}

/** What a check gets. */
export interface CheckContext {
  readonly subject: Subject;
  /** Time that the check should take at most, in ms: it does less, not worse, when this is short. */
  readonly budgetMs: number;
  readonly seed: number;
  /** Replays one schedule of an explorer program. */
  readonly schedule?: string;
}

/** Numbers of what was run: executions, operations, acquisitions, kills. */
export type Counts = Readonly<Record<string, number>>;

/** Numbers by bucket, in the style of rcutorture. */
export interface Histogram {
  readonly title: string;
  readonly buckets: Readonly<Record<string, number>>;
}

/** What went wrong, in words. */
export interface Defect {
  /** Names the defect: "two agents were inside class lock 0 at once". */
  readonly message: string;
  /** Interleaving, stack or numbers. */
  readonly detail?: string;
  /** Schedule of an explorer program. */
  readonly schedule?: string;
  /** Rows to blame; those of the check when left out. */
  readonly rows?: readonly InvariantNumber[];
}

export interface Finding {
  /** How sure it is: 'proved', 'bounded', 'sampled', or what else was done. */
  readonly verdict: string;
  readonly counts: Counts;
  readonly histograms?: readonly Histogram[];
  readonly defect?: Defect;
}

export interface Check {
  /** Unique; names the check to `--replay`. */
  readonly id: string;
  readonly title: string;
  readonly kind: CheckKind;
  readonly rows: readonly InvariantNumber[];
  /** Share of the time that there is, relative to other checks of the same lane. */
  readonly weight: number;
  /** False when the check makes no sense for a strategy with these capabilities, although its rows may apply. */
  readonly fits?: (capabilities: Capabilities) => boolean;
  run(context: CheckContext): Finding | Promise<Finding>;
}
