// The scan for readers begins at the second agent: agents are numbered from 1, and their slots are scanned from the one behind.
//
// In kind: off by one.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import { Epochs } from './base/epochs.ts';
import type { Caught } from './caught.ts';

class FromSecond extends Epochs {
  protected override slotOf(agent: number): number {
    // The own slot is right; the scan's are one further on.
    const scanned = agent === this.host.agent.index ? agent : agent + 1;
    return super.slotOf(Math.min(scanned, this.host.agentsMax));
  }
}

class Pool extends Deferring {
  protected override makeEpochs(host: StrategyHost): Epochs {
    return new FromSecond(host);
  }
}

export const overlooksAgent = deferring('overlooksAgent', Pool);
export const caught: Caught = {
  check: 'read-beside-free',
  rows: [13],
  words: /an object was reclaimed while a read begun before the free was still open/,
};
