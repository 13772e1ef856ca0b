// What a scenario measures, in one form for all scenarios: what is not the same everywhere is a metric or a parameter.
// Plain data: it crosses a process boundary and is written to the report as it is.

/** Values of the parameters of a cell, for instance `{ workers: 4, hold: 'long' }`. */
export type Parameters = Readonly<Record<string, number | string>>;

/** Counts of values by bucket: bucket i holds the values from `floors[i]` up to the next floor. Exact minimum and maximum beside it. */
export interface Histogram {
  readonly unit: string;
  readonly floors: readonly number[];
  readonly counts: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** One subject under one choice of parameters, in one round. It exists only if everything it computed was right. */
export interface Cell {
  /** Id of a scenario. */
  readonly scenario: string;
  /** Id of a subject: a strategy, a peer, or the harness alone. */
  readonly subject: string;
  readonly parameters: Parameters;
  readonly round: number;
  /** By metric id; null where this cell has no such value. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** By metric id; merged over the rounds for plots. */
  readonly histograms: Readonly<Record<string, Histogram>>;
  /** What was verified in this cell: bytes compared, objects counted, `verify()` calls passed. */
  readonly verified: { readonly objects: number; readonly bytes: number; readonly pools: number };
}

/** What a metric means. */
export interface Metric {
  readonly id: string;
  readonly label: string;
  /** 'ops/s', 'us', 'ns', 'bytes', 'ratio', 'count', ... */
  readonly unit: string;
  readonly better: 'higher' | 'lower' | 'neither';
  /** A count that comes out the same every time: one round says it all, and any difference is one. False by default. */
  readonly exact?: boolean;
}

/** A parameter, with its values in the order of tables and plots. */
export interface Parameter {
  readonly id: string;
  readonly label: string;
  readonly values: readonly (number | string)[];
}

/** Something that is measured. */
export interface Subject {
  readonly id: string;
  readonly kind: 'strategy' | 'peer' | 'harness';
  /** One line: what it is, with the version of a peer. */
  readonly title: string;
}

/** The questions of the report; 'memory', 'micro' and the like answer to Q4 or to nothing but themselves. */
export type Question = 'Q1' | 'Q2' | 'Q3' | 'Q4' | 'Q5' | null;

/** How a scenario is shown: the first metric is the main one. */
export interface ScenarioInfo {
  readonly id: string;
  readonly title: string;
  readonly question: Question;
  /** One or two sentences: what is done, and what it answers. */
  readonly description: string;
  readonly metrics: readonly Metric[];
  readonly parameters: readonly Parameter[];
  /** The subject that ratios are made against; null when no ratio makes sense. */
  readonly baseline: string | null;
  /** What the scenario cannot show on this machine, if anything. */
  readonly limits: readonly string[];
}
