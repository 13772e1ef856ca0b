// Goes through the limbo lists of a pool, and waits for grace periods where that is asked for.
//
// RULES
//   1. Class by class, under its lock; nothing else is held meanwhile, except by `sweepSome`, which only tries.
//   2. EPOCH is sampled after each class lock is taken: limbo.ts, rule 2.
//   3. Only `press` waits, and not for longer than STALL_MS: then a reader is stuck, and the caller hears that the pool is
//      full.

import type { Mutex, StrategyHost } from '@zsmalloc/core/strategy';
import { ZsmallocError } from '@zsmalloc/core/words';
import type { Words } from '@zsmalloc/core/words';
import { GRACE } from './epochs.ts';
import type { Epochs } from './epochs.ts';
import { STALL_MS } from './ladder.ts';
import type { Limbo } from './limbo.ts';
import { LOCK } from './records.ts';

/** A zspage's generations: once both are through their grace periods, nothing older than the call is left. */
const GENERATIONS = 2;

/** See the head of the file. */
export class Reclaimer {
  private readonly host: StrategyHost;
  private readonly words: Words;
  private readonly mutex: Mutex;
  private readonly epochs: Epochs;
  private readonly limbo: Limbo;
  private readonly classes: number;

  constructor(host: StrategyHost, mutex: Mutex, epochs: Epochs, limbo: Limbo) {
    this.host = host;
    this.words = host.agent.words;
    this.mutex = mutex;
    this.epochs = epochs;
    this.limbo = limbo;
    this.classes = host.lockCount - 2;
  }

  /** Reclaims what may be reclaimed now, advancing EPOCH as far as readers allow. Returns slots and pages. Never waits. */
  sweep(): number {
    this.epochs.quiescent();
    let gained = 0;
    for (let generation = 0; generation < GENERATIONS && this.hasGarbage(); generation++) {
      for (let step = 0; step < GRACE && this.epochs.advance(); step++);
      for (let index = 0; index < this.classes; index++)
        gained += this.sweepClass(index, this.host.agent.mayBlock, Infinity);
    }
    return gained;
  }

  /** Reclaims up to `limit` slots of classes that nobody has locked. Never waits. */
  sweepSome(limit: number): void {
    let left = limit;
    for (let index = 0; index < this.classes && left > 0; index++) left -= this.sweepClass(index, false, left);
  }

  /**
   * Waits for a grace period if there is garbage that waits for one, and sweeps.
   *
   * @throws ERR_ZS_WOULD_BLOCK when waiting would help and this agent may not block.
   */
  press(): number {
    const { epochs, host } = this;
    epochs.expedite();
    if (epochs.nest > 0 || !this.isWaiting()) return 0;
    if (!host.agent.mayBlock) {
      throw new ZsmallocError(
        'ERR_ZS_WOULD_BLOCK',
        'cannot reclaim memory yet: readers are inside, and this agent must not block until they are gone. Use the async twin of the call, or try again in a later turn.',
      );
    }
    const isOver = this.waitForReaders();
    const gained = this.sweep();
    // Another agent may have been faster with the same garbage: what it has reclaimed is as good.
    return isOver ? Math.max(1, gained) : gained;
  }

  /** Waits for a grace period; false when that takes longer than STALL_MS. This agent may block, and is in no section. */
  waitForReaders(): boolean {
    const { epochs } = this;
    const endMs = performance.now() + STALL_MS;
    const cookie = epochs.beginWait();
    for (let round = 0; !epochs.poll(cookie); round++) {
      if (performance.now() >= endMs) return false;
      epochs.waitRound(round);
    }
    return true;
  }

  /** Plain: a stale look misses garbage that is a moment old. */
  private hasGarbage(): boolean {
    for (let index = 0; index < this.classes; index++) {
      if (this.words[this.limbo.lockWord(index) + LOCK.at.limboHead] !== 0) return true;
    }
    return false;
  }

  private sweepClass(index: number, waits: boolean, limit: number): number {
    const lock = this.limbo.lockWord(index);
    if (this.words[lock + LOCK.at.limboHead] === 0) return 0;
    if (waits) this.mutex.lock(lock);
    else if (!this.mutex.tryLock(lock)) return 0;
    const gained = this.limbo.reclaim(index, limit, this.epochs.sample());
    this.mutex.unlock(lock);
    return gained;
  }

  private isWaiting(): boolean {
    for (let index = 0; index < this.classes; index++) {
      const lock = this.limbo.lockWord(index);
      if (this.words[lock + LOCK.at.limboHead] === 0) continue;
      // Somebody is at work there: what there is may well become free.
      if (!this.mutex.tryLock(lock)) return true;
      const waiting = this.limbo.isWaiting(index, this.epochs.sample());
      this.mutex.unlock(lock);
      if (waiting) return true;
    }
    return false;
  }
}
