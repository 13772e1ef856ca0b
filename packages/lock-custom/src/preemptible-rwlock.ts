// PreemptibleRwLock: one preemptible lock on its own, without a pool.

import type { TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex } from '@zsmalloc/core/words';
import { LockGuard, acquireAsync, attachPlace, createPlace, describePlace } from '@zsmalloc/lock-spin/single';
import type { LockDescriptor, LockFormat } from '@zsmalloc/lock-spin/single';
import { preemptibleAtomicLock } from './preemptible-atomic-lock.ts';

const FORMAT: LockFormat = { lock: 'preemptibleRwLock', version: 1, kind: preemptibleAtomicLock };

/**
 * Reader-writer lock whose readers may sleep inside, across `await` too, and whose writers only try.
 * For optional maintenance (compaction, eviction) beside readers that must never wait for long.
 */
export class PreemptibleRwLock {
  private readonly agent: Agent;
  private readonly word: WordIndex;
  private readonly rwLock: TryRwLock;

  /** @param word Index of a word of `agent.words` that is zero, or is this lock already. */
  constructor(agent: Agent, word: WordIndex) {
    this.agent = agent;
    this.word = word;
    this.rwLock = preemptibleAtomicLock.bind(agent);
  }

  /**
   * Makes an unlocked lock in memory of its own.
   *
   * @param agentIndex Number of this agent, 1 to 255; the others attach with other numbers.
   */
  static create(agentIndex: AgentIndex = 1): PreemptibleRwLock {
    const { agent, word } = createPlace(FORMAT, agentIndex);
    return new PreemptibleRwLock(agent, word);
  }

  /**
   * @param agentIndex 1 to 255, different for every agent that uses the lock.
   * @throws ERR_ZS_ATTACH_STRATEGY, ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_OPTION when an argument does not fit.
   */
  static attach(descriptor: LockDescriptor, agentIndex: AgentIndex): PreemptibleRwLock {
    const { agent, word } = attachPlace(FORMAT, descriptor, agentIndex);
    return new PreemptibleRwLock(agent, word);
  }

  /** Plain data for `postMessage`, from which another agent attaches. */
  descriptor(): LockDescriptor {
    return describePlace(FORMAT, this.agent, this.word);
  }

  /**
   * Joins other readers at once, whatever those do; waits only for a writer inside.
   *
   * @throws ERR_ZS_LOCK_MISUSE when this agent is the writer; ERR_ZS_WOULD_BLOCK on an agent that cannot block, when its
   *   spinning did not suffice.
   * Blocks: for a writer's section, where the agent can. Main thread: yes, it gives up instead.
   */
  readLock(): void {
    this.rwLock.readLock(this.word);
  }

  /** False while a writer is inside. Blocks: no. Main thread: yes. */
  tryReadLock(): boolean {
    return this.rwLock.tryReadLock(this.word);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when nobody reads. */
  readUnlock(): void {
    this.rwLock.readUnlock(this.word);
  }

  /**
   * False while anybody is inside. The writer must not park, `await` or run code it does not know before `writeUnlock`.
   *
   * Blocks: no. Main thread: yes.
   */
  tryWriteLock(): boolean {
    return this.rwLock.tryWriteLock(this.word);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when this agent is not the writer. */
  writeUnlock(): void {
    this.rwLock.writeUnlock(this.word);
  }

  /** `readLock`, as a guard for `using`. May be held across `await`. */
  acquireRead(): LockGuard {
    this.readLock();
    return new LockGuard(() => this.readUnlock());
  }

  /** `acquireRead` for agents that cannot block. May be held across `await`. */
  async readLockAsync(): Promise<LockGuard> {
    await acquireAsync(this.agent, () => this.readLock());
    return new LockGuard(() => this.readUnlock());
  }

  /** `tryWriteLock`, as a guard for `using`; undefined while anybody is inside. */
  tryAcquireWrite(): LockGuard | undefined {
    return this.tryWriteLock() ? new LockGuard(() => this.writeUnlock()) : undefined;
  }

  /** Runs `section`, which must not be async, as a reader. For async ones hold a guard. */
  withReadLock<T>(section: () => T): T {
    this.readLock();
    try {
      return section();
    } finally {
      this.readUnlock();
    }
  }
}
