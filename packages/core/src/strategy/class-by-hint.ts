// Locking the class of an object without a pool lock.

import { isLocation } from '../handles.ts';
import { corruptError } from '../invariant.ts';
import { PAGE } from '../layout/records.ts';
import { OWNER_CLASS_MASK } from '../state.ts';
import type { WordIndex } from '../words/agent.ts';
import type { BoundStrategy, StrategyHost } from './contract.ts';

/** A hint is stale when the object has moved meanwhile: so many times in a row never happens in a sound pool. */
const ROUNDS_MAX = 1_000_000;

/**
 * Locks the class of a cell's object and returns it; -1, locking nothing, when the cell has no object. An object never
 * changes its class, so a stale location still names the right class, unless its page has passed to another one
 * meanwhile; the look under the lock settles that.
 */
export function lockClassByHint(host: StrategyHost, strategy: BoundStrategy, cell: WordIndex): number {
  const { words } = host.agent;
  const { pageBase, indexBits } = host;
  let location = words[cell]!;
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
    if (!isLocation(location)) {
      // order: acquire, pairs with publish. A plain look said "no object"; this one decides.
      location = Atomics.load(words, cell);
      if (!isLocation(location)) return -1;
    }
    const owner = words[pageBase + (location >>> indexBits) * PAGE.words]!;
    if (owner !== 0) {
      const hint = owner & OWNER_CLASS_MASK;
      if (hint >= host.lockCount - 2) throw corruptError('words-in-range', `class ${hint} of the object of cell`, cell);
      strategy.lock(hint);
      // Plain: cells of a class, and owners of the pages that they name, change under its lock only.
      const current = words[cell]!;
      const held = isLocation(current) ? words[pageBase + (current >>> indexBits) * PAGE.words]! : 0;
      if (held !== 0 && (held & OWNER_CLASS_MASK) === hint) return hint;
      strategy.unlock(hint);
    }
    // order: acquire, pairs with publish. The hint was stale.
    location = Atomics.load(words, cell);
    if (!isLocation(location)) return -1;
  }
  throw corruptError('cells-match-slots', 'a cell that keeps naming what is no zspage', cell);
}
