// What the strategies of this package can do. Literal types, so that the types of a pool follow them.

import type { Capabilities } from '@zsmalloc/core/strategy';

/** Capabilities of `spin`. */
export interface SpinCapabilities extends Capabilities {
  readonly holdAcrossAwait: false;
  readonly parks: false;
  readonly worksWithoutBlocking: true;
  readonly freeDuringRead: false;
  readonly concurrentReads: true;
  readonly relocatesBesideReaders: false;
  readonly fairness: 'none';
  readonly robust: true;
}

/** Capabilities of `bigLock`: a read keeps every other agent out. */
export interface BigLockCapabilities extends Omit<SpinCapabilities, 'concurrentReads'> {
  readonly concurrentReads: false;
}

export const SPIN_CAPABILITIES: SpinCapabilities = {
  holdAcrossAwait: false,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: false,
  concurrentReads: true,
  relocatesBesideReaders: false,
  fairness: 'none',
  robust: true,
};

export const BIG_LOCK_CAPABILITIES: BigLockCapabilities = { ...SPIN_CAPABILITIES, concurrentReads: false };
