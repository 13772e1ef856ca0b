// What was unlinked counts as unreachable one epoch later: a reader that pinned while the epoch advanced still sees it.
//
// In kind: the argument about how many epochs a grace period has; ck_epoch spends 80 lines on why CK_EPOCH_GRACE is 3.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Impatient extends Epochs {
  override isOver(sampled: number): boolean {
    return this.sample() !== sampled;
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Impatient(host);
  }
}

export const graceOfOne = deferring('graceOfOne', Pool);
export const caught: Caught = {
  check: 'reclaimers-beside-read',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
