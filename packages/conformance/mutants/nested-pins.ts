// Whether a reader is inside is a flag and not a count: of two reads that nest, the end of the inner one ends the outer one.
//
// In kind: RCU read sections nest; implementations over a flag do not.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Flag extends Epochs {
  override pin(): void {
    this.open = 1;
    this.enter();
  }

  override unpin(): void {
    this.open = 0;
    this.leave();
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Flag(host);
  }
}

export const nestedPins = deferring('nestedPins', Pool);
export const caught: Caught = {
  check: 'nested-reads-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
