// A read takes the zspage lock to find out where the object is, and gives it back before it returns the location.
//
// In kind: a getter that locks inside, and returns a pointer to what the lock protects.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const dropsProtection = changed(spinning('dropsProtection'), (bound, host) => ({
  readBegin: (cell: WordIndex) => {
    const location = bound.readBegin(cell);
    if (location !== 0) bound.readEnd(host.zspageOf(location));
    return location;
  },
  readEnd: () => {},
}));
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
