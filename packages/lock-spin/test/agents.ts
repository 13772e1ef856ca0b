// Agents over one small shared memory, for tests that play several agents on one thread.

import { createAgent } from '@zsmalloc/core/words';
import type { Agent, SpinBudget, Words } from '@zsmalloc/core/words';
import { expect } from 'vitest';

/** Small enough that a waiter gives up at once; large enough that it first becomes impatient (from round 2 of 8). */
export const SMALL_BUDGET: SpinBudget = { yieldAfter: 1, refuseAfter: 8 };
/** Never yields: every round is a pause, into which a test can step. */
export const PAUSING_BUDGET: SpinBudget = { yieldAfter: 1000, refuseAfter: 1000 };

export function sharedWords(count = 4): Words {
  return new Int32Array(new SharedArrayBuffer(count * 4));
}

/** An agent that gives up instead of waiting, so that a test cannot hang. */
export function impatientAgent(words: Words, index: number, spin: SpinBudget = SMALL_BUDGET): Agent {
  const agent = createAgent(words, index, spin);
  agent.mayBlock = false;
  return agent;
}

export function expectCode(run: () => unknown, code: string): void {
  expect(run).toThrowError(expect.objectContaining({ code }));
}
