// Getting a spin lock without blocking the agent.

import { retrySoon } from '@zsmalloc/core/strategy';
import { hasCode } from '@zsmalloc/core/words';
import type { Agent } from '@zsmalloc/core/words';

/** Runs `lock` until it succeeds: spins within the budget of an agent that may not block, then lets other tasks run. */
export async function acquireAsync(agent: Agent, lock: () => void): Promise<void> {
  while (!lockWithoutBlocking(agent, lock)) await retrySoon();
}

function lockWithoutBlocking(agent: Agent, lock: () => void): boolean {
  const { mayBlock } = agent;
  agent.mayBlock = false;
  try {
    lock();
    return true;
  } catch (error) {
    if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
    return false;
  } finally {
    agent.mayBlock = mayBlock;
  }
}
