// Freed objects wait for readers, moved ones do not: their old place is used again at once.
//
// In kind: reclamation that was thought through for frees, and forgotten for moves.

import type { Location } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retirePlace(location: Location): void {
    this.host.reclaimPlace(location);
  }
}

export const movedPlaceAtOnce = deferring('movedPlaceAtOnce', Pool);
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [13, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
