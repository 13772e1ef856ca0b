// Declares that it does not park, and parks.
//
// In kind: the RFC in which every lock of zsmalloc may sleep, under callers that must not.

import { parking } from './base/build.ts';
import type { Caught } from './caught.ts';

export const claimsNoParking = parking('claimsNoParking', { capabilities: { parks: false } });
export const caught: Caught = {
  check: 'waits-counted',
  rows: [8],
  words: /parks is false, but it called Atomics\.wait on a word of the pool's memory/,
};
