// A small pool with some agents in one thread, for checks that count calls.

import type { Strategy } from '@zsmalloc/core/strategy';
import { hasCode } from '@zsmalloc/core/words';
import { planSmall } from '../host/plan.ts';
import type { SmallPlan } from '../host/plan.ts';
import { SmallAgent } from '../host/small-agent.ts';
import { Violation, formatSmall } from '../host/small-host.ts';
import { probe } from './probe.ts';
import type { ProbeLimits, Probed } from './probe.ts';

/** Rounds before an agent yields or gives up, in these checks. */
const SPIN = { yieldAfter: 4, refuseAfter: 16 };
/** Words behind each zspage's that nobody may write. */
const GUARD = 2;

/** Enough for any call that need not wait, and for 16 rounds of one that has to; a scan of all classes and agents included. */
export const LIMITS: ProbeLimits = { operations: 2000, waits: 40 };

export class SmallPool {
  readonly plan: SmallPlan;
  readonly words: Int32Array;
  /** Calls that were made. */
  calls = 0;
  private readonly strategy: Strategy;
  private readonly buffer: SharedArrayBuffer;

  constructor(strategy: Strategy) {
    this.strategy = strategy;
    this.plan = planSmall(strategy.words, 4, GUARD);
    this.buffer = new SharedArrayBuffer(this.plan.end * 4);
    this.words = new Int32Array(this.buffer);
    formatSmall(this.plan, this.words);
  }

  agent(index: number): SmallAgent {
    return new SmallAgent(this.strategy, this.plan, this.words, index, SPIN);
  }

  /** One call, with its `Atomics` operations counted. */
  probe<T>(call: () => T): Probed<T> {
    this.calls++;
    return probe(this.buffer, LIMITS, call);
  }

  /** A call that has to succeed, without waiting. */
  must<T>(what: string, call: () => T): T {
    const { result, error, waits, stopped } = this.probe(call);
    if (stopped || waits.length > 0) throw new Violation(`${what} waited although nothing is in its way`);
    if (error !== undefined) throw new Violation(`${what} threw ${String(error)}`);
    return result as T;
  }
}

/** True for the error of an agent that must not block. */
export function isRefusal(error: unknown): boolean {
  return hasCode(error, 'ERR_ZS_WOULD_BLOCK');
}
