// What is retired is never reclaimed.
//
// In kind: a limbo list that is filled, and whose reader was left for later.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { CELL_RETIRED } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retireObject(cell: WordIndex, location: Location): void {
    Atomics.store(this.words, cell, CELL_RETIRED);
    this.limbo.retireSlot(location, 0, this.epochs.sample());
  }

  override reclaim(): number {
    return 0;
  }
}

export const neverReclaims = deferring('neverReclaims', Pool);
export const caught: Caught = {
  check: 'leaver-beside-reclaim',
  rows: [14],
  words: /a retired slot is not reclaimed by 8 calls of reclaim, although nobody reads/,
};
