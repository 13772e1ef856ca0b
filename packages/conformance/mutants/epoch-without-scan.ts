// The epoch advances with every free, and nobody looks whether readers have seen it.
//
// In kind: an epoch taken for a clock.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Clock extends Epochs {
  override advance(): boolean {
    Atomics.add(this.words, this.epochWord, 1);
    return true;
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Clock(host);
  }
}

export const epochWithoutScan = deferring('epochWithoutScan', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
