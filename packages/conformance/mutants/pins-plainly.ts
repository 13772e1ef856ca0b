// A reader says by a plain store that it is inside: who reclaims need not see it.
//
// In kind: a pin without its fence; crossbeam and liburcu pay for one, JavaScript has it in the store.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { ACTIVE, Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Plain extends Epochs {
  protected override enter(): void {
    this.words[this.slot] = (this.words[this.epochWord]! << 1) | ACTIVE;
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Plain(host);
  }
}

export const pinsPlainly = deferring('pinsPlainly', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
