// When the pool is full, reclaiming does not wait any more: what was retired is taken from under readers.
//
// In kind: a fallback for want of memory that is never run in tests.

import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { Caught } from './caught.ts';

class Forced extends Epochs {
  forced = false;

  override isOver(sampled: number): boolean {
    return this.forced || super.isOver(sampled);
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Forced {
    return new Forced(host);
  }

  override reclaim(pressing: boolean): number {
    (this.epochs as Forced).forced = pressing;
    return this.sweep();
  }
}

export const pressingForces = deferring('pressingForces', Pool);
export const caught: Caught = {
  check: 'reclaimers-beside-read',
  rows: [13, 16],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
