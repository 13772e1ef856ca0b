// @zsmalloc/core/model: the parts of a pool, for tools that stand one on memory of their own, such as a model checker.
//
// Not for users of a pool: what is here follows the code, and changes with it.

export { takeAgent } from './agents.ts';
export { openPool } from './create.ts';
export { formatMemory } from './format.ts';
export { isLocation } from './handles.ts';
export type { Layout } from './layout/define.ts';
export { planPool } from './layout/plan.ts';
export type { PoolPlan } from './layout/plan.ts';
export { AGENT, CACHE, CLASS, DEPOT, HEADER, LOCK, MAGAZINE, PAGE, ZSPAGE } from './layout/records.ts';
export { AgentPool } from './pool.ts';
export { PoolState, openMemory } from './state.ts';
export type { Memory } from './state.ts';
