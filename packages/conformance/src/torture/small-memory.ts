// A small pool for agents on real threads.

import type { Strategy } from '@zsmalloc/core/strategy';
import { SPIN_BUDGET } from '@zsmalloc/core/words';
import { planSmall } from '../host/plan.ts';
import type { SmallPlan } from '../host/plan.ts';
import { SmallAgent } from '../host/small-agent.ts';
import { formatSmall } from '../host/small-host.ts';

/** What agents need to attach: plain data. */
export interface SmallMemory {
  readonly plan: SmallPlan;
  readonly words: Int32Array;
}

/** Makes one for so many agents, and lets `fill` make what they find, as the agent with the highest number. */
export function smallMemory(strategy: Strategy, agents: number, fill?: (agent: SmallAgent) => void): SmallMemory {
  const plan = planSmall(strategy.words, agents + 1);
  const words = new Int32Array(new SharedArrayBuffer(plan.end * 4));
  formatSmall(plan, words);
  const memory = { plan, words };
  const agent = attachSmall(strategy, memory, agents + 1);
  fill?.(agent);
  agent.bound.detach();
  return memory;
}

/** Attaches with the spin budget that users have. */
export function attachSmall(strategy: Strategy, { plan, words }: SmallMemory, index: number): SmallAgent {
  return new SmallAgent(strategy, plan, words, index, SPIN_BUDGET);
}
