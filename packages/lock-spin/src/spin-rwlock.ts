// SpinRwLock: one reader-writer spin lock on its own, without a pool.

import type { RwLock } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex } from '@zsmalloc/core/words';
import { spinRwLock } from './rwlock.ts';
import { acquireAsync } from './single/acquire-async.ts';
import { LockGuard } from './single/guard.ts';
import { attachPlace, createPlace, describePlace } from './single/place.ts';
import type { LockDescriptor, LockFormat } from './single/place.ts';

const FORMAT: LockFormat = { lock: 'spinRwLock', version: 1, kind: spinRwLock };

/**
 * Reader-writer lock for short sections that wait for nobody: no `Atomics.wait`, no `await` inside.
 * Reads do not nest, and a reader cannot become a writer: either makes an agent wait for itself.
 */
export class SpinRwLock {
  private readonly agent: Agent;
  private readonly word: WordIndex;
  private readonly rwLock: RwLock;

  /** @param word Index of a word of `agent.words` that is zero, or is this lock already. */
  constructor(agent: Agent, word: WordIndex) {
    this.agent = agent;
    this.word = word;
    this.rwLock = spinRwLock.bind(agent);
  }

  /**
   * Makes an unlocked lock in memory of its own.
   *
   * @param agentIndex Number of this agent, 1 to 255; the others attach with other numbers.
   */
  static create(agentIndex: AgentIndex = 1): SpinRwLock {
    const { agent, word } = createPlace(FORMAT, agentIndex);
    return new SpinRwLock(agent, word);
  }

  /**
   * @param agentIndex 1 to 255, different for every agent that uses the lock.
   * @throws ERR_ZS_ATTACH_STRATEGY, ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_OPTION when an argument does not fit.
   */
  static attach(descriptor: LockDescriptor, agentIndex: AgentIndex): SpinRwLock {
    const { agent, word } = attachPlace(FORMAT, descriptor, agentIndex);
    return new SpinRwLock(agent, word);
  }

  /** Plain data for `postMessage`, from which another agent attaches. */
  descriptor(): LockDescriptor {
    return describePlace(FORMAT, this.agent, this.word);
  }

  /**
   * @throws ERR_ZS_LOCK_MISUSE when this agent is the writer; ERR_ZS_WOULD_BLOCK on an agent that cannot block, when its
   *   spinning did not suffice.
   * Blocks: yes, where the agent can. Main thread: yes, it gives up instead.
   */
  readLock(): void {
    this.rwLock.readLock(this.word);
  }

  /** False while a writer is inside or waits. Blocks: no. Main thread: yes. */
  tryReadLock(): boolean {
    return this.rwLock.tryReadLock(this.word);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when nobody reads. */
  readUnlock(): void {
    this.rwLock.readUnlock(this.word);
  }

  /** As `readLock`, for changing what the lock protects. */
  writeLock(): void {
    this.rwLock.writeLock(this.word);
  }

  /** False while anybody is inside or waits. Blocks: no. Main thread: yes. */
  tryWriteLock(): boolean {
    return this.rwLock.tryWriteLock(this.word);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when this agent is not the writer. */
  writeUnlock(): void {
    this.rwLock.writeUnlock(this.word);
  }

  /** A hint that somebody has waited for long enough to ask. */
  isContended(): boolean {
    return this.rwLock.isContended(this.word);
  }

  /** `readLock`, as a guard for `using`. */
  acquireRead(): LockGuard {
    this.readLock();
    return new LockGuard(() => this.readUnlock());
  }

  /** `writeLock`, as a guard for `using`. */
  acquireWrite(): LockGuard {
    this.writeLock();
    return new LockGuard(() => this.writeUnlock());
  }

  /** `acquireRead` for agents that cannot block. End the guard before the next `await`: writers spin for you. */
  async readLockAsync(): Promise<LockGuard> {
    await acquireAsync(this.agent, () => this.readLock());
    return new LockGuard(() => this.readUnlock());
  }

  /** `acquireWrite` for agents that cannot block. End the guard before the next `await`: the others spin for you. */
  async writeLockAsync(): Promise<LockGuard> {
    await acquireAsync(this.agent, () => this.writeLock());
    return new LockGuard(() => this.writeUnlock());
  }

  /** Runs `section`, which must not be async, as a reader. */
  withReadLock<T>(section: () => T): T {
    this.readLock();
    try {
      return section();
    } finally {
      this.readUnlock();
    }
  }

  /** Runs `section`, which must not be async, as the writer. */
  withWriteLock<T>(section: () => T): T {
    this.writeLock();
    try {
      return section();
    } finally {
      this.writeUnlock();
    }
  }
}
