// Garbage is reclaimed only in a moment in which nobody at all reads: with readers nearly always inside there is none.
//
// In kind: a count of readers in place of epochs.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { ACTIVE, Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class Silence extends Epochs {
  override advance(): boolean {
    for (let agent = 1; agent <= this.host.agentsMax; agent++) {
      if ((Atomics.load(this.words, this.slotOf(agent)) & ACTIVE) !== 0) return false;
    }
    return super.advance();
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new Silence(host);
  }
}

export const waitsForSilence = deferring('waitsForSilence', Pool);
export const caught: Caught = { check: 'torture-flood', rows: [15], words: /garbage is not bounded/ };
