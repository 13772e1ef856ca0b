// The way from a pool to the agent's side of its strategy, for what a lock package offers beyond the contract.

import type { Pool } from '../api.ts';
import type { BoundStrategy } from './contract.ts';

/**
 * The strategy that this agent's side of a pool is bound to, without what decorates it. After `detach`, one that refuses
 * every call.
 */
export function strategyOf(pool: Pool): BoundStrategy {
  let { bound } = pool as Pool & { readonly bound: BoundStrategy };
  while (typeof bound.decorated === 'object') bound = bound.decorated;
  return bound;
}
