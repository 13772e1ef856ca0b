import { type Event } from './event.ts';

/** What a scheduler is asked: who takes the step at this depth? */
export interface ChoicePoint {
  readonly depth: number;
  /** Threads that can take the step, in order. Never empty. */
  readonly enabled: readonly number[];
  /** Who took the step before, -1 at the start; in `enabled` exactly if choosing another one is a preemption. */
  readonly last: number;
  /** Nothing could run, so that a spinning thread or a timeout gets its turn. */
  readonly isQuiescent: boolean;
}

/** A scheduler's answer that the execution need not go on: all it could show has been seen. */
export const PRUNE = -1;

/** Decides the order of steps, in one execution after the other. */
export interface Scheduler {
  /** Whether events need their dependence clocks. */
  readonly needsDependence: boolean;
  beginExecution(): void;
  /** @returns A thread of `enabled`, or PRUNE. */
  choose(point: ChoicePoint): number;
  /**
   * The chosen step was taken. `races` lists earlier events of other threads that it conflicts with and is not
   * ordered after.
   */
  taken(trace: readonly Event[], races: readonly number[]): void;
  /**
   * The step at this depth has disabled what that thread could have done there: no later event will show the
   * conflict.
   */
  disabled(depth: number, thread: number): void;
  /** @returns Whether there is another execution to run. */
  endExecution(trace: readonly Event[]): boolean;
}
