// What can be set when a strategy is decorated.

import type { ZsmallocError } from '@zsmalloc/core/words';

/** See the head of the file. */
export interface LockdepOptions {
  /**
   * Which acquisitions get a stack of their own, at some µs each. 'some', if left out: an agent's first ones, and later one
   * in 256; the others are known by the first that was alike, and a report says so. 'all', to find one that is reported
   * so. 'none': reports name operations only.
   */
  readonly stacks?: 'some' | 'all' | 'none';
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
    stacks: options.stacks ?? 'some',
    report: options.report ?? throwUncaught,
    modelled: options.modelled ?? false,
  };
}

function throwUncaught(error: ZsmallocError): void {
  queueMicrotask(() => {
    throw error;
  });
}
