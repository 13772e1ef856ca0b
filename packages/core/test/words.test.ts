import { describe, expect, it } from 'vitest';
import { AGENTS_MAX, SPIN_BUDGET, canBlock, createAgent } from '../src/words/agent.ts';
import { backOff } from '../src/words/backoff.ts';
import { refusal } from './use-pool.ts';

const words = new Int32Array(new SharedArrayBuffer(64));

describe('createAgent', () => {
  it('makes agents 1 to 255, which may block where Atomics.wait is allowed', () => {
    for (const index of [1, AGENTS_MAX]) {
      expect(createAgent(words, index)).toEqual({ words, index, spin: SPIN_BUDGET, mayBlock: canBlock() });
    }
    expect(canBlock()).toBe(true);
  });

  it.each([0, 256, -1, 1.5, Number.NaN, undefined])('rejects %s as an index', (index) => {
    refusal(() => createAgent(words, index as number), 'ERR_ZS_OPTION');
  });
});

describe('backOff', () => {
  it('lets an agent that must not block spin for its budget and then gives up, with the name of the lock', () => {
    const agent = createAgent(words, 1, { yieldAfter: 2, refuseAfter: 5 });
    agent.mayBlock = false;
    for (let round = 0; round < 5; round++) backOff(agent, round, 'lock of this test');
    const error = refusal(() => backOff(agent, 5, 'lock of this test'), 'ERR_ZS_WOULD_BLOCK');
    expect(error.message).toContain('cannot get the lock of this test');
    expect(error.facts).toEqual({ rounds: 5 });
  });

  it('never gives up where the agent may block', () => {
    const agent = createAgent(words, 1, { yieldAfter: 2, refuseAfter: 5 });
    for (const round of [0, 1, 2, 5, 6, 20]) backOff(agent, round, 'lock of this test');
    expect(agent.mayBlock).toBe(true);
  });
});
