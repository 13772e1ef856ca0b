// What a lock knows about the agent that uses it.

import { ZsmallocError } from '../errors.ts';

/** Int32 view over shared memory. Lock words use bits 0 to 30 only, so that a word is never negative. */
export type Words = Int32Array;

/** Index of an Int32 in `Words` (a byte offset divided by 4). */
export type WordIndex = number;

/** Number of an attached agent, 1 to `AGENTS_MAX`; 0 means "no agent" in every lock word. */
export type AgentIndex = number;

/** Agent numbers fit 8 bits, so that the owner of an exclusive hold fits into its lock word. */
export const AGENTS_MAX = 255;

/** How long an agent busy-waits before it yields or gives up. Counted in rounds: no clock is read while spinning. */
export interface SpinBudget {
  /** Rounds of busy waiting before an agent that may block yields for the first time. */
  readonly yieldAfter: number;
  /** Rounds of busy waiting before an agent that may not block gives up with ERR_ZS_WOULD_BLOCK. */
  readonly refuseAfter: number;
}

/**
 * 50 rounds cost about 0.5 µs (1.5 µs with `Atomics.pause`): longer than any section that runs under a spin lock here
 * unless its holder has been descheduled, and then spinning on only burns the time slice that the holder needs.
 * 20,000 rounds are between 0.2 and 0.7 ms: what an agent with a screen to draw can afford.
 */
export const SPIN_BUDGET: SpinBudget = { yieldAfter: 50, refuseAfter: 20_000 };

/** Words of a pool by which its agents get over the death of one. Locks that are used on their own have none. */
export interface Lifeline {
  /** 0 while all is well. ALARM_RECOVERING: reader counts are being told anew. ALARM_POISONED: give up. */
  readonly alarm: WordIndex;
  /** Counts what may have changed a reader count meanwhile. */
  readonly disturbed: WordIndex;
  /** 1 while this agent waits for a lock and is not counted in it. */
  readonly waiting: WordIndex;
}

/**
 * An attempt to recover gives up as soon as a lock is held by a live agent that is not running: it is tried again in a later
 * turn, and an attempt that took longer than the time to the next one would keep the event loop from seeing other deaths.
 */
export const RECOVERY_BUDGET: SpinBudget = { yieldAfter: 50, refuseAfter: 500 };

/** Runs `call` with the agent refused, by ERR_ZS_WOULD_BLOCK, what it does not get within RECOVERY_BUDGET. */
export function refusedSoon<T>(agent: Agent, call: () => T): T {
  const { mayBlock, spin } = agent;
  agent.mayBlock = false;
  if (spin.refuseAfter > RECOVERY_BUDGET.refuseAfter) agent.spin = RECOVERY_BUDGET;
  try {
    return call();
  } finally {
    agent.mayBlock = mayBlock;
    agent.spin = spin;
  }
}

export const ALARM_RECOVERING = 1;
export const ALARM_POISONED = 2;

/** One agent's side of all its locks. Private to the agent; the shared state is in `words`. */
export interface Agent {
  readonly words: Words;
  readonly index: AgentIndex;
  /** A smaller one while it recovers from a death. */
  spin: SpinBudget;
  /** False on agents that cannot block (a browser's main thread) and inside the async twins of blocking calls. */
  mayBlock: boolean;
  lifeline?: Lifeline | undefined;
}

/**
 * Makes an agent for locks that are used on their own, without a pool.
 *
 * @param words Shared memory that holds the locks.
 * @param index 1 to 255, different for every agent that shares `words`.
 * @throws ERR_ZS_OPTION when `index` is out of range or `words` are not shared.
 * Blocks: no. Main thread: yes.
 */
export function createAgent(words: Words, index: AgentIndex, spin: SpinBudget = SPIN_BUDGET): Agent {
  if (!Number.isInteger(index) || index < 1 || index > AGENTS_MAX) {
    throw new ZsmallocError(
      'ERR_ZS_OPTION',
      `cannot make an agent: its index is ${index}, not an integer from 1 to ${AGENTS_MAX}. Number the agents that share the words from 1.`,
      { index, indexMax: AGENTS_MAX },
    );
  }
  return { words, index, spin, mayBlock: canBlock(), lifeline: undefined };
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** True where `Atomics.wait` is allowed: everywhere but on a browser's window, worklets and service workers. */
export function canBlock(): boolean {
  try {
    Atomics.wait(nobody, 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
