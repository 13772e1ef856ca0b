// How long to busy-wait: a few rounds where the holder can run beside us, none where it may need our core.
//
// RULES
//   1. Spinning is bounded, and counted in rounds: no clock is read.
//   2. With more agents attached than there are cores the budget is 0: the holder may be waiting for the very core that
//      the spinner burns.
//   3. A yield is a timed wait on a private word that nobody notifies: it depends on nobody.

import { underAlarm } from '@zsmalloc/core/words';
import type { Agent } from '@zsmalloc/core/words';

/** What an agent may spend on optimistic spinning. */
export interface SpinLimits {
  /** Cores that the agents share. */
  readonly cores: number;
  /** Rounds before an agent parks, where agents do not outnumber cores. */
  readonly rounds: number;
}

/**
 * One round is about 9 ns, and 40 ns where there is `Atomics.pause`: 1 to 4 µs in all, less than the 7 to 10 µs that the
 * wakeup costs the agent that has to give it. More rounds gain nothing on short holds (measured up to 5000).
 */
export const SPIN_ROUNDS = 100;

/** A shorter timed wait takes as long on Linux. */
const YIELD_MS = 0.05;

const nobody = new Int32Array(new SharedArrayBuffer(4));

type Pause = { pause?: () => void };

/** One round of busy waiting; a yield instead from round `yieldAfter` on. */
export function spinRound(round: number, yieldAfter: number): void {
  if (round >= yieldAfter) {
    Atomics.wait(nobody, 0, 0, YIELD_MS);
    return;
  }
  // Looked up on each call: Node 20 has no pause, and a model checker swaps the Atomics object.
  (Atomics as Pause).pause?.();
}

/** `spinRound` while this agent is counted in no lock that it waits for. @throws ERR_ZS_POISONED. */
export function spinUnderAlarm(agent: Agent, round: number, yieldAfter: number): void {
  const { lifeline } = agent;
  if (lifeline === undefined || agent.words[lifeline.alarm] === 0) spinRound(round, yieldAfter);
  else underAlarm(agent, lifeline, () => spinRound(round, yieldAfter));
}

/** Number of cores, as far as the platform tells; 2 where it does not. */
export function countCores(): number {
  const { navigator, process } = globalThis as {
    navigator?: { hardwareConcurrency?: number };
    process?: { getBuiltinModule?: (id: string) => { availableParallelism?: () => number } | undefined };
  };
  // Node 20 has no navigator. `availableParallelism` respects the CPU affinity of the process.
  return process?.getBuiltinModule?.('node:os')?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 2;
}
