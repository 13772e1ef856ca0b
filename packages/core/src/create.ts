// Creating a pool, and attaching to one.

import { takeAgent } from './agents.ts';
import type { AttachOptions, PoolDescriptor, PoolOf, PoolOptions } from './api.ts';
import { allocateMemory, formatMemory, matchStrategy, randomKey, readPlan } from './format.ts';
import type { Kernels } from './kernels.ts';
import { planPool } from './layout/plan.ts';
import type { PoolPlan } from './layout/plan.ts';
import { HEADER } from './layout/records.ts';
import { poolShape } from './options.ts';
import { AgentPool } from './pool.ts';
import { PoolState, openMemory } from './state.ts';
import type { Memory } from './state.ts';
import type { Capabilities, Strategy } from './strategy/contract.ts';
import { SPIN_BUDGET, createAgent } from './words/agent.ts';
import type { SpinBudget } from './words/agent.ts';

/**
 * Creates a pool and attaches the calling agent to it.
 *
 * @throws ERR_ZS_OPTION, naming the option, its range and what to do.
 * Blocks: no. Main thread: yes.
 * Source: zs_create_pool() in Linux mm/zsmalloc.c.
 */
export function createPool<C extends Capabilities>(options: PoolOptions<C>): PoolOf<C> {
  const plan = planPool(poolShape(options));
  const { strategy, kernels } = options;
  const memory = allocateMemory(plan, kernels);
  formatMemory(memory, plan, strategy, options.compactAbove ?? 0, randomKey());
  return openPool(memory, plan, strategy, SPIN_BUDGET, kernels) as AgentPool as PoolOf<C>;
}

/**
 * Attaches the calling agent to a pool that another agent created. Any number of agents may come and go, up to the
 * limit that the pool was created with.
 *
 * @param descriptor What `pool.descriptor()` returned, through `workerData` or `postMessage`.
 * @throws ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_ATTACH_FORMAT, ERR_ZS_ATTACH_LAYOUT or ERR_ZS_ATTACH_STRATEGY when the two sides differ;
 *   ERR_ZS_AGENTS_FULL.
 * Blocks: no. Main thread: yes.
 */
export function attachPool<C extends Capabilities>(descriptor: PoolDescriptor, options: AttachOptions<C>): PoolOf<C> {
  const strategy = matchStrategy(descriptor, options.strategies);
  const { memory } = descriptor;
  const { buffer } = memory ?? descriptor;
  const plan = readPlan(openMemory(buffer, buffer.byteLength, memory), strategy);
  const own = openMemory(buffer, plan.pages * plan.pageBytes, memory);
  return openPool(own, plan, strategy, SPIN_BUDGET, options.kernels) as AgentPool as PoolOf<C>;
}

/** Attaches to memory that is formatted. A model checker brings its own memory and spin budget. */
export function openPool(
  memory: Memory,
  plan: PoolPlan,
  strategy: Strategy,
  spin: SpinBudget = SPIN_BUDGET,
  kernels?: Kernels,
): AgentPool {
  const agent = createAgent(memory.words, takeAgent(memory.words, plan), spin);
  return new AgentPool(new PoolState(memory, plan, agent, strategy, memory.words[HEADER.at.key]!), kernels);
}
