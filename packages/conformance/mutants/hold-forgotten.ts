// Reclaiming waits for readers, and not for holders: the object that somebody holds is reclaimed.
//
// In kind: two ways to protect an object, and a reclaimer that knows one.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Epochs } from './base/epochs.ts';
import { Limbo, ZSPAGE } from './base/limbo.ts';
import type { Caught } from './caught.ts';

class ForgetsHolds extends Limbo {
  protected override isDue(record: WordIndex): boolean {
    return this.epochs.isOver(this.words[record + ZSPAGE.epoch]!);
  }
}

class Pool extends Deferring {
  protected override makeLimbo(host: StrategyHost, epochs: Epochs): Limbo {
    return new ForgetsHolds(host, epochs);
  }
}

export const holdForgotten = deferring('holdForgotten', Pool);
export const caught: Caught = {
  check: 'hold-beside-free',
  rows: [13],
  words: /an object was reclaimed while somebody was holding it/,
};
