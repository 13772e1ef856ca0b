// Declares that objects move while they are read, lets movers in, and uses the old place again at once.
//
// In kind: the zspage read lock dropped in favour of RCU, without its grace period.

import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

const base = spinning('claimsMovesBesideReaders', { capabilities: { relocatesBesideReaders: true } });

export const claimsMovesBesideReaders = changed(base, () => ({ relocateBegin: () => true, relocateEnd: () => {} }));
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [13],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
