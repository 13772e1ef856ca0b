// Holding a whole pool still, for statistics and checks that must be one moment's.

import type { PoolState } from './state.ts';

/**
 * Runs `look` while this agent holds the move lock and every structure lock, in order. Reads may be open meanwhile.
 *
 * May wait: for each of these locks.
 */
export function holdStill<T>({ strategy, plan }: PoolState, look: () => T): T {
  let held = 0;
  strategy.moveBegin();
  try {
    for (; held < plan.lockCount; held++) strategy.lock(held);
    return look();
  } finally {
    while (held > 0) strategy.unlock(--held);
    strategy.moveEnd();
  }
}
