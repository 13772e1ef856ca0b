// A freed object is reclaimed at once, under readers.
//
// In kind: "free-after-0", the control of every test of reclamation.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retireObject(_cell: WordIndex, location: Location): void {
    this.host.reclaimObject(location);
  }
}

export const freesAtOnce = deferring('freesAtOnce', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
