// What the strategies of this package can do. Literal types, so that the types of a pool follow them.

import type { Capabilities } from '@zsmalloc/core/strategy';

/** Capabilities of `spin` and `bigLock`. */
export interface SpinCapabilities extends Capabilities {
  readonly holdAcrossAwait: false;
  readonly parks: false;
  readonly worksWithoutBlocking: true;
  readonly freeDuringRead: false;
  readonly relocatesBesideReaders: false;
  readonly fairness: 'none';
  readonly robust: true;
}

export const SPIN_CAPABILITIES: SpinCapabilities = {
  holdAcrossAwait: false,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: false,
  relocatesBesideReaders: false,
  fairness: 'none',
  robust: true,
};
