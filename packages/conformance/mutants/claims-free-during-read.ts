// Declares that objects may be freed while they are read, and reclaims them at once.
//
// In kind: kfree() where kfree_rcu() is needed.

import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const claimsFreeDuringRead = spinning('claimsFreeDuringRead', { capabilities: { freeDuringRead: true } });
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
