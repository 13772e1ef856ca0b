// Strategy `rcuSynchronize`: waits for a grace period for each zspage that a free or a move leaves without objects, before
// the call returns. The suspected anti-pattern, kept as a measured control; use `rcu`.
//
// RULES
//   1. The wait comes after the last structure lock of the call has been dropped, so it is in `unlock`, which in every other
//      strategy never waits. It begins with everything retired, so one grace period does for what the call retired.
//   2. Inside a section of its own, or where it may not block, the agent defers instead, as `rcu` would, and counts that.
//   3. A reader that stays inside for STALL_MS is not waited for any longer: deferred and counted too.
//
// Source: "I suspect we'd need to synchronize RCU every time a zspage is freed", PATCHv4 14/17, 2025.

import type { Location, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { RCU_SYNCHRONIZE_CAPABILITIES } from './capabilities.ts';
import type { RcuSynchronizeCapabilities } from './capabilities.ts';
import { Epochs } from './epochs.ts';
import { Limbo } from './limbo.ts';
import { RcuPool } from './rcu-pool.ts';
import { AGENT, COUNTED_ZSPAGE, LOCK, POOL } from './records.ts';

const { retired } = COUNTED_ZSPAGE.at;

/**
 * Frees and moves wait for readers when they leave a zspage without objects.
 *
 * Blocks: yes, up to 1 s for each zspage. Main thread: yes, it defers instead.
 * Source: see the head of the file.
 */
export const rcuSynchronize: Strategy<RcuSynchronizeCapabilities> = {
  id: 'rcuSynchronize',
  version: 1,
  capabilities: RCU_SYNCHRONIZE_CAPABILITIES,
  words: { pool: POOL.words, lock: LOCK.words, zspage: COUNTED_ZSPAGE.words, agent: AGENT.words },
  bind: (host) => new SynchronizingPool(host, new CountedLimbo(host)),
};

/** A limbo that knows when no slot of a zspage is live. */
class CountedLimbo extends Limbo {
  protected override count(record: WordIndex, by: number): void {
    this.words[record + retired]! += by;
  }

  protected override forget(record: WordIndex): void {
    this.words[record + retired] = 0;
  }

  isAllRetired(location: Location): boolean {
    const zspage = this.host.zspageOf(location);
    return this.words[this.record(zspage) + retired] === this.host.slotsInUse(zspage);
  }
}

class SynchronizingPool extends RcuPool {
  private readonly counted: CountedLimbo;
  private locksHeld = 0;
  /** Zspages that this call has left without objects. */
  private emptied = 0;

  constructor(host: StrategyHost, counted: CountedLimbo) {
    super(host, new Epochs(host.agent, host), counted);
    this.counted = counted;
  }

  override lock(index: number): void {
    super.lock(index);
    this.locksHeld++;
  }

  override tryLock(index: number): boolean {
    const taken = super.tryLock(index);
    if (taken) this.locksHeld++;
    return taken;
  }

  override unlock(index: number): void {
    super.unlock(index);
    this.locksHeld--;
    if (this.locksHeld > 0 || this.emptied === 0) return;
    const { emptied } = this;
    this.emptied = 0;
    for (let i = 0; i < emptied; i++) {
      if (!this.waitForReaders()) this.defer();
    }
    this.reclaim(false);
  }

  override retireObject(cell: WordIndex, location: Location): void {
    super.retireObject(cell, location);
    if (this.counted.isAllRetired(location)) this.emptied++;
  }

  override retirePlace(location: Location): void {
    super.retirePlace(location);
    if (this.counted.isAllRetired(location)) this.emptied++;
  }

  private waitForReaders(): boolean {
    const { epochs, host } = this;
    return epochs.nest === 0 && host.agent.mayBlock && this.reclaimer.waitForReaders();
  }

  private defer(): void {
    // order: relaxed. Statistics.
    Atomics.add(this.host.agent.words, this.host.poolBase + POOL.at.deferred, 1);
  }
}
