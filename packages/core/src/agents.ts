// Agent records: attaching takes one, detaching or recovery gives it back.
//
// STATE        attached  dead
//   free       0         0
//   attached   1         0     takeAgent
//   dead       1         1     declareDead: whoever is behind it never runs again
//   free       0         0     giveAgent (it detached), or reapAgent (it was recovered from)

import { ZsmallocError } from './errors.ts';
import type { PoolPlan } from './layout/plan.ts';
import { AGENT } from './layout/records.ts';
import type { AgentIndex, WordIndex, Words } from './words/agent.ts';

const ATTACHED = 1;
const DEAD = 2;
const INCARNATION = 4;
const INCARNATION_MASK = 0xffc;
const THREAD_SHIFT = 12;
/** Low bits of a thread's number in the state: an agent that dies while it attaches can be told by them. */
const THREAD_MASK = 2 ** 18 - 1;

/** In an agent's `thread`: it keeps its Web Lock (recovery/web-locks.ts). Thread numbers are below. */
export const KEEPS_LOCK: number = 2 ** 30;

/** First word of an agent's record. */
export function agentWord(plan: PoolPlan, agent: AgentIndex): WordIndex {
  return plan.agentBase + agent * plan.agentStride;
}

type ThreadModule = { readonly threadId: number } | undefined;

/** Number of this thread, plus 1; 0 where threads have no numbers: in browsers. */
export function threadNumber(): number {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  const threads = process?.getBuiltinModule?.('node:worker_threads') as ThreadModule;
  return threads === undefined ? 0 : threads.threadId + 1;
}

/**
 * Takes the first free agent record.
 *
 * @throws ERR_ZS_AGENTS_FULL.
 */
export function takeAgent(words: Words, plan: PoolPlan, thread: number = threadNumber()): AgentIndex {
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    const word = agentWord(plan, agent);
    // order: relaxed. The compare-exchange decides.
    const state = Atomics.load(words, word + AGENT.at.state);
    if ((state & ATTACHED) !== 0) continue;
    const incarnation = (state + INCARNATION) & INCARNATION_MASK;
    const attached = ((thread & THREAD_MASK) << THREAD_SHIFT) | incarnation | ATTACHED;
    // order: acquire, pairs with giveAgent and reapAgent. The record is as its last owner left it: all zero.
    if (Atomics.compareExchange(words, word + AGENT.at.state, state, attached) !== state) continue;
    words[word + AGENT.at.thread] = thread;
    return agent;
  }
  throw new ZsmallocError(
    'ERR_ZS_AGENTS_FULL',
    `cannot attach: all ${plan.agentsMax} agent records are taken. Detach agents that are done, watch those that may die, or create the pool with more agents.`,
    { agentsMax: plan.agentsMax },
  );
}

/** Gives an agent record back. */
export function giveAgent(words: Words, plan: PoolPlan, agent: AgentIndex): void {
  const word = agentWord(plan, agent);
  words[word + AGENT.at.thread] = 0;
  words[word + AGENT.at.lastMalloc] = 0;
  // order: release, pairs with takeAgent.
  Atomics.and(words, word + AGENT.at.state, ~ATTACHED);
}

/** Gives the record of a dead agent back, all zero but for its incarnation. */
export function reapAgent(words: Words, plan: PoolPlan, agent: AgentIndex): void {
  const word = agentWord(plan, agent);
  words.fill(0, word + 1, word + AGENT.words);
  // order: release, pairs with takeAgent.
  Atomics.and(words, word + AGENT.at.state, INCARNATION_MASK);
}

/** True for an agent that is attached and not declared dead. */
export function isLive(words: Words, plan: PoolPlan, agent: AgentIndex): boolean {
  // order: acquire, pairs with takeAgent.
  return (Atomics.load(words, agentWord(plan, agent) + AGENT.at.state) & (ATTACHED | DEAD)) === ATTACHED;
}

/** The state of an attached agent, which names its incarnation; 0 when the record is free. */
export function incarnationOf(words: Words, plan: PoolPlan, agent: AgentIndex): number {
  // order: relaxed, no partner. declareDead compares it again.
  const state = Atomics.load(words, agentWord(plan, agent) + AGENT.at.state);
  return (state & ATTACHED) === 0 ? 0 : state & ~DEAD;
}

/** Marks an incarnation as dead; without effect when it has gone meanwhile. */
export function declareDead(words: Words, plan: PoolPlan, agent: AgentIndex, incarnation: number): void {
  // order: release, pairs with deadAgents. The caller's certificate orders all that the agent did before this.
  Atomics.compareExchange(words, agentWord(plan, agent) + AGENT.at.state, incarnation, incarnation | DEAD);
}

/** Agents that are declared dead and not recovered from, in ascending order. */
export function deadAgents(words: Words, plan: PoolPlan): AgentIndex[] {
  const found: AgentIndex[] = [];
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    // order: acquire, pairs with declareDead. What the dead did is visible from here on.
    if ((Atomics.load(words, agentWord(plan, agent) + AGENT.at.state) & DEAD) !== 0) found.push(agent);
  }
  return found;
}

/** Attached agents of a thread, by its number as `threadNumber` gives it, one of which may not have finished attaching. */
export function agentsOfThread(words: Words, plan: PoolPlan, thread: number): AgentIndex[] {
  const found: AgentIndex[] = [];
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    const word = agentWord(plan, agent);
    // order: acquire, pairs with takeAgent. The caller holds the thread's certificate, which orders what it wrote.
    const state = Atomics.load(words, word + AGENT.at.state);
    const named = words[word + AGENT.at.thread]! & ~KEEPS_LOCK;
    const isOfThread = state >>> THREAD_SHIFT === (thread & THREAD_MASK) && (named === 0 || named === thread);
    if ((state & ATTACHED) !== 0 && isOfThread) found.push(agent);
  }
  return found;
}
