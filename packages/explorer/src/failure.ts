export type FailureKind =
  | 'broken-invariant'
  | 'data-race'
  | 'deadlock'
  | 'livelock'
  | 'lost-wakeup'
  | 'step-limit'
  | 'uncaught-error';

/** What went wrong in one execution. */
export interface Finding {
  readonly kind: FailureKind;
  readonly message: string;
  /** What was thrown, where something was. */
  readonly cause?: unknown;
}

/** Thrown by `ThreadContext.assert`. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssertionFailure';
  }
}

// The two signals by which the explorer leaves a thread body. They are not errors: code under test that catches
// everything must let them pass, and is told so if it does not.

/** The thread stops here for now; it will be re-entered from the start. */
export const PARK: { readonly signal: string } = Object.freeze({ signal: 'explorer: park' });

/** The thread dies here: no later operation of its body, in a `finally` either, has an effect. */
export const CRASH: { readonly signal: string } = Object.freeze({ signal: 'explorer: crash' });
