// Waiting for a spin lock without depending on the scheduler: bounded spin, then a timed yield.
//
// RULES
//   1. Spinning is bounded. A holder that was descheduled needs the core on which we spin.
//   2. A yield is a timed wait on a private word that nobody notifies. It creates no wait-for edge: it equals an unlucky
//      preemption, so it is legal while waiting for a spin lock.
//   3. An agent that may not block spins for its larger budget and then gives up with ERR_ZS_WOULD_BLOCK.
//   4. Whoever is here counts in no lock that it waits for, and says so while an agent tells reader counts anew. In a
//      poisoned pool it waits no longer.
//   5. Nothing here is FIFO: a queue hands the lock to descheduled waiters and collapses when agents outnumber cores.

import { ZsmallocError } from '../errors.ts';
import { poisonedError } from '../poison.ts';
import { ALARM_POISONED } from './agent.ts';
import type { Agent, Lifeline } from './agent.ts';

/** First yield, in ms. A shorter timed wait takes as long on Linux: the wake costs 50 µs whatever was asked. */
const YIELD_MS_MIN = 0.05;
/** Longest yield, in ms: a quarter of a scheduler slice, so that a lock that comes free is not left idle for long. */
const YIELD_MS_MAX = 1;
/** A first yield with its wake takes half as long: whoever is in one has as long again for what it came for. */
const STAND_BACK_MS = 0.2;
/** Yields of the same length before it doubles. */
const YIELDS_PER_STEP = 8;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Leaves a lock that it has just dropped to those who waited for it: they may be in the middle of a yield, and find it
 * free only if it stays so.
 *
 * Blocks: for STAND_BACK_MS, and only where the agent may block. Main thread: yes, it returns at once.
 */
export function standBack(agent: Agent): void {
  if (agent.mayBlock) Atomics.wait(nobody, 0, 0, STAND_BACK_MS);
}

type Pause = { pause?: () => void };

/**
 * One round of waiting for a spin lock.
 *
 * @param round How many rounds this acquisition has waited already, from 0.
 * @param what Name of the lock, for the error.
 * @throws ERR_ZS_WOULD_BLOCK when the agent may not block and its budget is spent; ERR_ZS_POISONED.
 * Blocks: up to 1 ms, and only where the agent may block. Main thread: yes, it gives up instead.
 */
export function backOff(agent: Agent, round: number, what: string): void {
  const { lifeline } = agent;
  // Plain: what has the agent wait follows the alarm, or it looks again in the next round.
  if (lifeline === undefined || agent.words[lifeline.alarm] === 0) waitARound(agent, round, what);
  else underAlarm(agent, lifeline, () => waitARound(agent, round, what));
}

/** Waits while an alarm is on. @throws ERR_ZS_POISONED. */
export function underAlarm(agent: Agent, { alarm, disturbed, waiting }: Lifeline, wait: () => void): void {
  const { words } = agent;
  if ((words[alarm]! & ALARM_POISONED) !== 0) throw poisonedError();
  // order: release, pairs with the counting in core's recovery/readers.ts. What this agent counted in, it has taken back.
  Atomics.add(words, disturbed, 1);
  // order: release, pairs as above.
  Atomics.store(words, waiting, 1);
  try {
    wait();
  } finally {
    // order: relaxed. What this agent does to the lock from here on follows in its own order.
    Atomics.store(words, waiting, 0);
  }
}

function waitARound(agent: Agent, round: number, what: string): void {
  const { spin } = agent;
  if (agent.mayBlock && round >= spin.yieldAfter) {
    const step = Math.min(5, Math.floor((round - spin.yieldAfter) / YIELDS_PER_STEP));
    Atomics.wait(nobody, 0, 0, Math.min(YIELD_MS_MAX, YIELD_MS_MIN * 2 ** step));
    return;
  }
  if (!agent.mayBlock && round >= spin.refuseAfter) {
    throw new ZsmallocError(
      'ERR_ZS_WOULD_BLOCK',
      `cannot get the ${what}: another agent held it for ${round} rounds of spinning and this agent must not block. Use the async twin of the call, or try again in a later turn.`,
      { rounds: round },
    );
  }
  // Looked up on each call: Node 20 has no pause, and a model checker swaps the Atomics object.
  (Atomics as Pause).pause?.();
}
