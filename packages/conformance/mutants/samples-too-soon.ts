// The epoch is sampled before the object is unlinked, and helped on in between: a reader may still find the object, in a
// section that began later.
//
// In kind: shared/reference/locks.md C.1, which found it with three agents, with a grace period of two and of three epochs.

import { CELL_RETIRED } from '@zsmalloc/core/strategy';
import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retireObject(cell: WordIndex, location: Location): void {
    const epoch = this.epochs.sample();
    this.epochs.advance();
    Atomics.store(this.words, cell, CELL_RETIRED);
    this.limbo.retireSlot(location, 0, epoch);
    this.epochs.advance();
    this.limbo.reclaim(this.host.classOf(location));
  }
}

export const samplesTooSoon = deferring('samplesTooSoon', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
