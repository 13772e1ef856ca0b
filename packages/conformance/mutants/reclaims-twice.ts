// When nobody reads, a free reclaims at once, as a fast path; what it has reclaimed stays in limbo, and is reclaimed again.
//
// In kind: a double free through two owners of one queue entry.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retireObject(cell: WordIndex, location: Location): void {
    const before = this.epochs.sample();
    super.retireObject(cell, location);
    const everybodyIsOutside = this.epochs.advance() && this.epochs.advance();
    if (everybodyIsOutside && !this.epochs.isOver(before + 3)) this.host.reclaimObject(location);
  }
}

export const reclaimsTwice = deferring('reclaimsTwice', Pool);
export const caught: Caught = {
  check: 'leaver-beside-reclaim',
  rows: [14],
  words: /was reclaimed although it is free: it was reclaimed before/,
};
