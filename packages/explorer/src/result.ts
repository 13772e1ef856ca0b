import { ExplorerError } from './errors.ts';
import { type FailureKind } from './failure.ts';

/** A failing execution, minimised. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** Give it as the `schedule` option to run this execution again. */
  readonly schedule: string;
  /** The interleaving, one column per thread. */
  readonly chart: string;
  /** What was thrown, where something was. */
  readonly cause?: unknown;
}

/**
 * proved: every schedule was covered, and all are good. bounded: every schedule with at most `preemptions` preemptions.
 * sampled: as many random ones as asked for. replayed: the one given. cut-off: a limit came first. failed: see
 * `failure`.
 */
export type Verdict = 'proved' | 'bounded' | 'sampled' | 'replayed' | 'cut-off' | 'failed';

export interface ExploreResult {
  readonly verdict: Verdict;
  readonly failure: Failure | null;
  /** The search came to its end; with `onOutcome` that can be so although there is a failure. */
  readonly isComplete: boolean;
  /** Complete executions. */
  readonly executions: number;
  /** Executions broken off because the reduction showed them to be redundant. */
  readonly pruned: number;
  /** Steps in all executions, and in the longest. */
  readonly operations: number;
  readonly deepest: number;
  /** Crash points tried, with the `crash` option. */
  readonly crashPoints: number;
  /**
   * Timeouts that fired, and times a loop without `Atomics.pause` was taken for a spin: see the README on
   * assumptions.
   */
  readonly timeouts: number;
  readonly spins: number;
  readonly elapsedMs: number;
  /** All of the above as text to read. */
  readonly report: string;
}

/** @throws ERR_EXPLORER_NOT_PROVED with the report, unless every schedule was covered and is good. */
export function assertProved(result: ExploreResult): void {
  if (result.verdict !== 'proved') throw new ExplorerError('ERR_EXPLORER_NOT_PROVED', result.report);
}

/** @throws ERR_EXPLORER_NOT_PROVED with the report, if a failure was found. For bounded and sampled explorations. */
export function assertPassed(result: ExploreResult): void {
  if (result.failure !== null) throw new ExplorerError('ERR_EXPLORER_NOT_PROVED', result.report);
}

export function writeReport(result: Omit<ExploreResult, 'report'>): string {
  const { verdict, failure, executions, pruned, operations, deepest, crashPoints, elapsedMs } = result;
  const crashes = crashPoints > 0 ? `, ${crashPoints} crash points` : '';
  const counts =
    `${verdict}: ${executions} executions (${pruned} pruned${crashes}), ${operations} operations, ` +
    `deepest ${deepest}, ${Math.round(elapsedMs)} ms`;
  if (failure === null) return counts;
  return [
    `${failure.kind}: ${failure.message}`,
    '',
    failure.chart,
    '',
    `replay with schedule: '${failure.schedule}'`,
    counts,
  ].join('\n');
}
