// Declares that agents may die inside, and does nothing about it: the lock of a dead agent stays locked.
//
// In kind: every lock without an owner that somebody looks after; pthread mutexes that are not PTHREAD_MUTEX_ROBUST.

import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const claimsRobust = spinning('claimsRobust', { capabilities: { robust: true } });
export const caught: Caught = { check: 'crash-free', rows: [9], words: /heir spins on class lock/ };
