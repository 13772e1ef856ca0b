// Several locks share one word: an agent that nests them waits for itself.
//
// In kind: lock striping by hash, with sections that nest.

import { spinning, changed } from './base/build.ts';
import type { Caught } from './caught.ts';

const STRIPES = 2;

export const stripedLocks = changed(spinning('stripedLocks'), (bound) => ({
  lock: (index) => bound.lock(index % STRIPES),
  tryLock: (index) => bound.tryLock(index % STRIPES),
  unlock: (index) => bound.unlock(index % STRIPES),
}));
export const caught: Caught = { check: 'nested-locks', rows: [19], words: /cannot lock again what this agent holds/ };
