// Sleeping on a park word, and saying so: who recovers from a death tells reader counts anew, and this agent cannot answer.

import { ALARM_POISONED, underAlarm } from '@zsmalloc/core/words';
import type { Agent, WordIndex } from '@zsmalloc/core/words';
import { PARKED } from './lot.ts';

/**
 * Sleeps until the park word is no longer PARKED, or the time is over.
 *
 * @throws ERR_ZS_POISONED, before or after.
 */
export function sleepSaying(agent: Agent, park: WordIndex, timeoutMs: number): 'ok' | 'not-equal' | 'timed-out' {
  const { lifeline, words } = agent;
  // order: none. The wait ends when the park word changes; what that means the caller reads.
  if (lifeline === undefined) return Atomics.wait(words, park, PARKED, timeoutMs);
  // order: release, pairs with core's recovery/readers.ts. It is counted in no lock that it waits for, unless granted.
  Atomics.store(words, lifeline.waiting, 1);
  const outcome = Atomics.wait(words, park, PARKED, timeoutMs);
  // order: relaxed. What this agent does from here on follows in its own order.
  Atomics.store(words, lifeline.waiting, 0);
  if ((words[lifeline.alarm]! & ALARM_POISONED) !== 0) underAlarm(agent, lifeline, () => {});
  return outcome;
}
