// What the strategies of this package can do. Literal types, so that the types of a pool follow them.

import type { Capabilities } from '@zsmalloc/core/strategy';

/** Capabilities of `preemptible`, `preemptibleAtomic`, `preemptibleDirect` and `bigReader`. */
export interface PreemptibleCapabilities extends Capabilities {
  readonly holdAcrossAwait: true;
  readonly parks: false;
  readonly worksWithoutBlocking: true;
  readonly freeDuringRead: false;
  readonly concurrentReads: true;
  readonly relocatesBesideReaders: false;
  readonly fairness: 'none';
  readonly robust: true;
}

export const PREEMPTIBLE_CAPABILITIES: PreemptibleCapabilities = {
  holdAcrossAwait: true,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: false,
  concurrentReads: true,
  relocatesBesideReaders: false,
  fairness: 'none',
  robust: true,
};
