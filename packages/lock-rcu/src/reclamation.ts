// What an agent can ask of reclamation beyond the pool's own calls.

import { strategyOf } from '@zsmalloc/core/strategy';
import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { Pool } from '@zsmalloc/core';
import { ZsmallocError } from '@zsmalloc/core/words';
import type { Epochs, Laggard } from './epochs.ts';
import type { Garbage, Ladder, StallReport } from './ladder.ts';
import { POOL } from './records.ts';

/** Plain data: safe to send to another agent. An estimate: agents go on meanwhile. */
export interface ReclamationStats {
  readonly epoch: number;
  readonly garbage: Garbage;
  /** Most bytes of garbage since the pool was created, as looked at after every 64th free of an agent. */
  readonly garbageBytesHigh: number;
  readonly stalls: number;
  /** Grace periods that `rcuSynchronize` could not wait for, and deferred. */
  readonly deferred: number;
  /** Agents whose sections keep EPOCH from advancing just now. */
  readonly laggards: readonly Laggard[];
}

/** One agent's side of a pool's reclamation. */
export class Reclamation {
  private readonly host: StrategyHost;
  private readonly epochs: Epochs;
  private readonly ladder: Ladder;
  private readonly sweep: () => number;

  constructor(host: StrategyHost, epochs: Epochs, ladder: Ladder, sweep: () => number) {
    this.host = host;
    this.epochs = epochs;
    this.ladder = ladder;
    this.sweep = sweep;
  }

  /** Called once for each stall that this agent finds: EPOCH has not advanced for 1 s. */
  set onStall(listener: ((report: StallReport) => void) | undefined) {
    this.ladder.onStall = listener;
  }

  /** Reclaims what no reader can see any more. Returns slots and pages. Blocks: briefly. Main thread: yes. */
  reclaim(): number {
    return this.sweep();
  }

  /**
   * Waits until every read that is open now has ended, then reclaims. For tests and for tearing down: a free needs none.
   *
   * @throws ERR_ZS_LOCK_MISUSE inside a read of this agent; ERR_ZS_WOULD_BLOCK on an agent that may not block.
   * Blocks: yes, without limit while a read is open. Main thread: yes, it gives up instead.
   * Source: synchronize_rcu().
   */
  synchronize(): void {
    const cookie = this.epochs.beginWait();
    for (let round = 0; !this.epochs.poll(cookie); round++) {
      this.epochs.waitRound(round);
      this.ladder.watch();
    }
    this.sweep();
  }

  /** `synchronize` without blocking the agent. Keeps the process alive meanwhile. */
  async synchronizeAsync(): Promise<void> {
    await this.epochs.synchronizeAsync();
    this.sweep();
  }

  /** Names the grace period that begins now, for `poll`. Source: start_poll_synchronize_rcu(). */
  cookie(): number {
    return this.epochs.cookie();
  }

  /** True when the cookie's grace period is over; helps it along. Blocks: no. Main thread: yes. */
  poll(cookie: number): boolean {
    return this.epochs.poll(cookie);
  }

  /** Asks agents inside sections to leave them soon: long loops under `rcuTurn` do. Blocks: no. Main thread: yes. */
  expedite(): void {
    this.epochs.expedite();
  }

  /** Under `rcuTurn`: ends this turn's section when no read is open. For long loops. Blocks: no. Main thread: yes. */
  quiescent(): void {
    this.epochs.quiescent();
  }

  /** Blocks: no. Main thread: yes. */
  stats(): ReclamationStats {
    const { words } = this.host.agent;
    const { poolBase } = this.host;
    return {
      epoch: this.epochs.sample(),
      garbage: this.ladder.garbage(),
      garbageBytesHigh: this.ladder.garbageHigh(),
      // order: relaxed. Statistics.
      stalls: Atomics.load(words, poolBase + POOL.at.stalls),
      deferred: Atomics.load(words, poolBase + POOL.at.deferred),
      laggards: this.epochs.laggards(),
    };
  }
}

/**
 * The reclamation of a pool that uses a strategy of this package.
 *
 * @throws ERR_ZS_OPTION for a pool with another strategy, or one that has been detached.
 */
export function reclamationOf(pool: Pool): Reclamation {
  const { reclamation } = strategyOf(pool) as { readonly reclamation?: unknown };
  if (typeof reclamation === 'object' && reclamation !== null) return reclamation as Reclamation;
  throw new ZsmallocError(
    'ERR_ZS_OPTION',
    `cannot get at the reclamation of the pool: its strategy is "${pool.strategyId}", or this agent has detached from it. Create the pool with rcu, rcuTurn or rcuSynchronize.`,
    { strategy: pool.strategyId },
  );
}
