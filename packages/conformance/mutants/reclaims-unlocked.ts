// Reclaiming does not take the class lock: two agents reclaim the same garbage, beside one that allocates.
//
// In kind: a callback of call_rcu() that forgets that it runs beside everything else.

import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  protected override sweep(): number {
    this.epochs.advance();
    this.epochs.advance();
    let gained = 0;
    for (let index = 0; index < this.host.lockCount - 2; index++) gained += this.limbo.reclaim(index);
    this.host.releaseReclaimed();
    return gained;
  }
}

export const reclaimsUnlocked = deferring('reclaimsUnlocked', Pool);
export const caught: Caught = {
  check: 'leaver-beside-reclaim',
  rows: [14],
  words: /garbage was reclaimed by two agents at once/,
};
