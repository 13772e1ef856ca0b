// A free reclaims in all classes, and waits for their locks while it holds its own: two frees in two classes wait for each
// other.
//
// In kind: shrinkers and reclaim paths that lock "the other" structure of the same level; lockdep's subclasses exist for it.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override retireObject(cell: WordIndex, location: Location): void {
    super.retireObject(cell, location);
    const own = this.host.classOf(location);
    for (let index = 0; index < this.host.lockCount - 2; index++) {
      if (index === own) continue;
      this.lock(index);
      this.limbo.reclaim(index);
      this.unlock(index);
    }
  }
}

export const helpsEverywhere = deferring('helpsEverywhere', Pool);
export const caught: Caught = {
  check: 'frees-in-two-classes',
  rows: [4],
  words: /one spins on a word of class lock 1; two spins on a word of class lock 0/,
};
