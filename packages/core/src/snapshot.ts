// Holding a whole pool still, for statistics and checks that must be one moment's.
//
// RULES
//   1. Locks are taken in order, and each is waited for with those before it held: where agents outnumber cores, some
//      descheduled agent has one of them at any moment, and who waited until all are free would wait for ever.
//   2. No wait for a dead agent's lock holds other locks, for who recovers from the death needs those: it would wait for
//      this agent, and this agent for it. So a wait is a series of short ones, and ends when an agent is declared dead. Then
//      everything is given back, and the one lock awaited alone.

import { deadAgents } from './agents.ts';
import { hasCode } from './errors.ts';
import type { PoolState } from './state.ts';
import { RECOVERY_BUDGET, refusedSoon } from './words/agent.ts';
import { backOff } from './words/backoff.ts';

/**
 * Runs `look` while this agent holds the move lock and every structure lock. Reads may be open meanwhile.
 *
 * May wait: for each of these locks.
 */
export function holdStill<T>(state: PoolState, look: () => T): T {
  const { strategy, plan } = state;
  for (;;) {
    let held = 0;
    strategy.moveBegin();
    try {
      while (held < plan.lockCount && lockUnlessDead(state, held)) held++;
      if (held === plan.lockCount) return look();
    } finally {
      for (let index = held - 1; index >= 0; index--) strategy.unlock(index);
      strategy.moveEnd();
    }
    strategy.lock(held);
    strategy.unlock(held);
  }
}

/** False when the lock was not to be had, and an agent has been declared dead. Rule 2. */
function lockUnlessDead(state: PoolState, index: number): boolean {
  const { strategy, plan, words, agent } = state;
  if (!agent.mayBlock) {
    strategy.lock(index);
    return true;
  }
  // It has spun already.
  for (let round = RECOVERY_BUDGET.yieldAfter; !lockSoon(state, index); round++) {
    if (deadAgents(words, plan).length > 0) return false;
    backOff(agent, round, 'locks of the whole pool');
  }
  return true;
}

/** Locks, or gives up after a short wait without a yield. */
function lockSoon({ strategy, agent }: PoolState, index: number): boolean {
  try {
    refusedSoon(agent, () => strategy.lock(index));
    return true;
  } catch (error) {
    if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
    return false;
  }
}
