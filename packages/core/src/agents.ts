// Agent records: attaching takes one, detaching gives it back.

import { ZsmallocError } from './errors.ts';
import type { PoolPlan } from './layout/plan.ts';
import { AGENT } from './layout/records.ts';
import type { AgentIndex, Words } from './words/agent.ts';

const ATTACHED = 1;
/** Incarnations count in bits 1 to 30. */
const INCARNATION = 2;
const STATE_MASK = 2 ** 31 - 1;

const stateWord = (plan: PoolPlan, agent: AgentIndex): number =>
  plan.agentBase + agent * plan.agentStride + AGENT.at.state;

/**
 * Takes the first free agent record.
 *
 * @throws ERR_ZS_AGENTS_FULL.
 */
export function takeAgent(words: Words, plan: PoolPlan): AgentIndex {
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    const word = stateWord(plan, agent);
    // order: relaxed. The compare-exchange decides.
    const state = Atomics.load(words, word);
    if ((state & ATTACHED) !== 0) continue;
    const attached = ((state + INCARNATION) & STATE_MASK) | ATTACHED;
    // order: acquire, pairs with giveAgent. The record is as its last owner left it.
    if (Atomics.compareExchange(words, word, state, attached) === state) return agent;
  }
  throw new ZsmallocError(
    'ERR_ZS_AGENTS_FULL',
    `cannot attach: all ${plan.agentsMax} agent records are taken. Detach agents that are done, or create the pool with more agents.`,
    { agentsMax: plan.agentsMax },
  );
}

/** Gives an agent record back. */
export function giveAgent(words: Words, plan: PoolPlan, agent: AgentIndex): void {
  // order: release, pairs with takeAgent.
  Atomics.and(words, stateWord(plan, agent), ~ATTACHED);
}
