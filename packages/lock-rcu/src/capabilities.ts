// What the strategies of this package can do. Literal types, so that the types of a pool follow them.

import type { Capabilities } from '@zsmalloc/core/strategy';

/** Capabilities of `rcu` and `rcuTurn`. */
export interface RcuCapabilities extends Capabilities {
  readonly holdAcrossAwait: true;
  readonly parks: false;
  readonly worksWithoutBlocking: true;
  readonly freeDuringRead: true;
  readonly concurrentReads: true;
  readonly relocatesBesideReaders: true;
  readonly fairness: 'none';
  readonly robust: true;
}

/** Capabilities of `rcuSynchronize`: a free may wait for readers. */
export interface RcuSynchronizeCapabilities extends Omit<RcuCapabilities, 'parks'> {
  readonly parks: true;
}

export const RCU_CAPABILITIES: RcuCapabilities = {
  holdAcrossAwait: true,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: true,
  concurrentReads: true,
  relocatesBesideReaders: true,
  fairness: 'none',
  robust: true,
};

export const RCU_SYNCHRONIZE_CAPABILITIES: RcuSynchronizeCapabilities = { ...RCU_CAPABILITIES, parks: true };
