// An agent leaves its last section only when it begins the next one, and not when it detaches: the epoch stands still.
//
// In kind: a thread that leaves while it is registered as a reader; liburcu wants rcu_unregister_thread() for that.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Lazy extends Epochs {
  protected override leave(): void {}
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Lazy(host);
  }
}

export const lazyUnpin = deferring('lazyUnpin', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [14],
  words: /a retired slot is not reclaimed by 8 calls of reclaim, although nobody reads/,
};
