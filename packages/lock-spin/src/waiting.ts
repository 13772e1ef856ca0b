// What the spin locks share about waiting: when a waiter has waited long, and how it takes its requests back.
//
// RULES
//   1. A waiter asks for attention through bits of the lock word. Any agent may clear such a bit: whoever still waits
//      sets it again in its next round.
//   2. A waiter that gives up clears what it asked for, so that the word is as if it had never come.
//   3. A waiter that dies leaves its bits. They cost the next waiter its patience, once, and nobody hangs.

import { SPIN_BUDGET, backOff, hasCode } from '@zsmalloc/core/words';
import type { Agent, WordIndex } from '@zsmalloc/core/words';

/** Yields before a waiter counts as starving. 8 yields of 0.05 ms, with their wakes, are about 1 ms: locks.md A.4. */
const STARVING_YIELDS = 8;
/** Share of the budget after which an agent that may not block counts as starving: most of it is left to profit. */
const STARVING_SHARE = 0.25;
/** The same for a budget without end. */
const STARVING_ROUNDS = SPIN_BUDGET.refuseAfter * STARVING_SHARE;

/** Rounds after which a waiter counts as starving. */
export function patienceRounds(agent: Agent): number {
  const { spin } = agent;
  return agent.mayBlock
    ? spin.yieldAfter + STARVING_YIELDS
    : Math.min(spin.refuseAfter * STARVING_SHARE, STARVING_ROUNDS);
}

/**
 * One round of waiting. When the agent may wait no longer, clears the `asked` bits before the error passes.
 *
 * @throws ERR_ZS_WOULD_BLOCK as `backOff` does.
 */
export function waitRound(agent: Agent, round: number, name: string, word: WordIndex, asked: number): void {
  try {
    backOff(agent, round, name);
  } catch (error) {
    if (asked !== 0 && hasCode(error, 'ERR_ZS_WOULD_BLOCK')) {
      // order: relaxed, no partner. Bits that only ask for attention; a waiter that misses its own sets it again.
      Atomics.and(agent.words, word, ~asked);
    }
    throw error;
  }
}
