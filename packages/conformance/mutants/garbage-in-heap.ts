// What an agent has retired is listed in its own heap: when the agent leaves, nobody reclaims it.
//
// In kind: call_rcu() with closures; they die with their thread (shared/reference/locks.md C.3).

import type { Location, StrategyHost } from '@zsmalloc/core/strategy';
import { PLACE_MOVED } from '@zsmalloc/core/strategy';
import { Deferring, deferring } from './base/deferring.ts';
import type { Epochs } from './base/epochs.ts';
import { Limbo } from './base/limbo.ts';
import type { Caught } from './caught.ts';

interface Garbage {
  readonly location: Location;
  readonly kind: number;
  readonly epoch: number;
}

class HeapLimbo extends Limbo {
  private garbage: Garbage[] = [];

  override retireSlot(location: Location, kind: number, epoch: number): void {
    this.garbage.push({ location, kind, epoch });
  }

  override isEmpty(): boolean {
    return this.garbage.length === 0;
  }

  override reclaim(classIndex: number): number {
    const { host } = this;
    const due = this.garbage.filter(
      ({ location, epoch }) => host.classOf(location) === classIndex && this.epochs.isOver(epoch),
    );
    this.garbage = this.garbage.filter((each) => !due.includes(each));
    for (const { location, kind } of due) {
      if (kind === PLACE_MOVED) host.reclaimPlace(location);
      else host.reclaimObject(location);
    }
    return due.length;
  }
}

class Pool extends Deferring {
  protected override makeLimbo(host: StrategyHost, epochs: Epochs): Limbo {
    return new HeapLimbo(host, epochs);
  }
}

export const garbageInHeap = deferring('garbageInHeap', Pool);
export const caught: Caught = {
  check: 'leaver-beside-reclaim',
  rows: [14, 17],
  words: /a retired slot is not reclaimed by 8 calls of reclaim, although nobody reads/,
};
