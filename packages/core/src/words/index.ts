// @zsmalloc/core/words: what locks need, with or without a pool.

export { AGENTS_MAX, SPIN_BUDGET, canBlock, createAgent } from './agent.ts';
export type { Agent, AgentIndex, SpinBudget, WordIndex, Words } from './agent.ts';
export { backOff } from './backoff.ts';
export { ZsmallocError, hasCode } from '../errors.ts';
export type { ErrorCode, ErrorFacts, LockdepCode } from '../errors.ts';
