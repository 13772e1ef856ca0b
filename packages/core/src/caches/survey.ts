// What is in the magazines of a class, and what they have added to its bytes. Caller holds: the class lock. Exact while no agent
// is inside a call; of agents that are, it is an estimate.

import { CACHE, DEPOT, MAGAZINE } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { WordIndex } from '../words/agent.ts';
import type { Magazines } from './magazines.ts';

const { count, bytes } = MAGAZINE.at;

/** First words of the cached slots of a class. @throws ERR_ZS_CORRUPT. */
export function cachedIn({ plan }: PoolState, magazines: Magazines, ordinal: number): Set<WordIndex> {
  const found = new Set<WordIndex>();
  for (let agent = DEPOT; agent <= plan.agentsMax; agent++) {
    const magazine = magazines.of(agent, ordinal);
    // For its order: a magazine at rest is seen as its agent left it.
    magazines.isLeased(magazine);
    for (const slot of magazines.slotsOf(ordinal, magazine)) found.add(slot);
  }
  return found;
}

/** Cached slots of a class. */
export function cachedCount(state: PoolState, ordinal: number): number {
  return sumOf(state, ordinal, count);
}

/** What mallocs from magazines of a class, and frees into them, have added to the bytes that the class counts. */
export function bytesAdded(state: PoolState, ordinal: number): number {
  return sumOf(state, ordinal, bytes);
}

function sumOf({ words, plan }: PoolState, ordinal: number, field: number): number {
  const { cacheBytes, cacheBase, cacheStride, agentsMax } = plan;
  if (cacheBytes === 0) return 0;
  let sum = 0;
  for (let agent = DEPOT; agent <= agentsMax; agent++) {
    const magazine = cacheBase + agent * cacheStride + CACHE.words + ordinal * MAGAZINE.words;
    // order: acquire, pairs with the end of a lease. A magazine at rest is seen as its agent left it.
    Atomics.load(words, magazine + MAGAZINE.at.lease);
    sum += words[magazine + field]!;
  }
  return sum;
}
