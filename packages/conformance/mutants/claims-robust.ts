// Declares that agents may die inside, and offers no recovery: the first death inside a call poisons the pool.
//
// In kind: every lock without an owner that somebody looks after; pthread mutexes that are not PTHREAD_MUTEX_ROBUST.

import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const claimsRobust = spinning('claimsRobust', { capabilities: { robust: true } });
export const caught: Caught = {
  check: 'crash-free',
  rows: [9],
  words: /cannot use the pool: an agent died inside it, and what it left could not be repaired/,
};
