// What a mutant says about how the kit finds it.

export interface Caught {
  /** Id of the check that finds it soonest. */
  readonly check: string;
  /** Rows that the check must blame. */
  readonly rows: readonly number[];
  /** What the message must say, so that it points at the defect. */
  readonly words: RegExp;
}
