// The locks of a mover, in the lock order.

import type { BoundStrategy } from './strategy/contract.ts';

/** Shuts out lookups, then locks a class. May wait: for both; refused, it holds neither. */
export function lockForMove(strategy: BoundStrategy, ordinal: number): void {
  strategy.moveBegin();
  try {
    strategy.lock(ordinal);
  } catch (error) {
    strategy.moveEnd();
    throw error;
  }
}

/** Ends `lockForMove`. Never waits. */
export function unlockAfterMove(strategy: BoundStrategy, ordinal: number): void {
  strategy.unlock(ordinal);
  strategy.moveEnd();
}
