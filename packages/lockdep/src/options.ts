// What can be set when a strategy is decorated.

import type { ZsmallocError } from '@zsmalloc/core/words';

/** Stacks per turn, unless told otherwise: 10 to 20 µs. */
const STACKS_PER_TURN = 4;

/** See the head of the file. */
export interface LockdepOptions {
  /**
   * Acquisitions in each turn of the event loop whose own stack is captured, at some µs each; the others are known by the
   * first one with the same operation and lock. `Infinity` captures all; 0 none, then reports name operations only.
   */
  readonly stacksPerTurn?: number;
  /** Gets what is found when no caller is there to throw at: at the end of a turn. Left out, it is an uncaught error. */
  readonly report?: (error: ZsmallocError) => void;
  /**
   * For a model checker: its threads share one heap, have no turns, and are left in the middle. Leaves out what is checked
   * at the end of a turn, and what the agents of one thread hold together.
   */
  readonly modelled?: boolean;
}

/** The options with what is left out. */
export function withDefaults(options: LockdepOptions): Required<LockdepOptions> {
  return {
    stacksPerTurn: options.stacksPerTurn ?? STACKS_PER_TURN,
    report: options.report ?? throwUncaught,
    modelled: options.modelled ?? false,
  };
}

function throwUncaught(error: ZsmallocError): void {
  queueMicrotask(() => {
    throw error;
  });
}
