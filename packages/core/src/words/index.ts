// @zsmalloc/core/words: what locks need, with or without a pool.

export { AGENTS_MAX, ALARM_POISONED, ALARM_RECOVERING, SPIN_BUDGET, canBlock, createAgent } from './agent.ts';
export type { Agent, AgentIndex, Lifeline, SpinBudget, WordIndex, Words } from './agent.ts';
export { backOff, underAlarm } from './backoff.ts';
export { ZsmallocError, hasCode } from '../errors.ts';
export type { ErrorCode, ErrorFacts, LockdepCode } from '../errors.ts';
