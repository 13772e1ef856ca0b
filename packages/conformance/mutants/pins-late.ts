// A reader looks where the object is, and pins afterwards.
//
// In kind: the pointer loaded outside of rcu_read_lock().

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override readBegin(cell: WordIndex): Location {
    const location = Atomics.load(this.words, cell);
    if (!this.host.isLocation(location)) return 0;
    this.epochs.pin();
    return location;
  }
}

export const pinsLate = deferring('pinsLate', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
