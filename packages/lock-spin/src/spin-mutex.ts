// SpinMutex: one spin mutex on its own, without a pool.

import type { Mutex } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex } from '@zsmalloc/core/words';
import { spinMutex } from './mutex.ts';
import { acquireAsync } from './single/acquire-async.ts';
import { LockGuard } from './single/guard.ts';
import { attachPlace, createPlace, describePlace } from './single/place.ts';
import type { LockDescriptor, LockFormat } from './single/place.ts';

const FORMAT: LockFormat = { lock: 'spinMutex', version: 1, kind: spinMutex };

/**
 * Exclusive lock for short sections that wait for nobody: no `Atomics.wait`, no `await` inside.
 * Use a parking lock for long ones.
 */
export class SpinMutex {
  private readonly agent: Agent;
  private readonly word: WordIndex;
  private readonly mutex: Mutex;

  /** @param word Index of a word of `agent.words` that is zero, or is this lock already. */
  constructor(agent: Agent, word: WordIndex) {
    this.agent = agent;
    this.word = word;
    this.mutex = spinMutex.bind(agent);
  }

  /**
   * Makes an unlocked mutex in memory of its own.
   *
   * @param agentIndex Number of this agent, 1 to 255; the others attach with other numbers.
   */
  static create(agentIndex: AgentIndex = 1): SpinMutex {
    const { agent, word } = createPlace(FORMAT, agentIndex);
    return new SpinMutex(agent, word);
  }

  /**
   * @param agentIndex 1 to 255, different for every agent that uses the lock.
   * @throws ERR_ZS_ATTACH_STRATEGY, ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_OPTION when an argument does not fit.
   */
  static attach(descriptor: LockDescriptor, agentIndex: AgentIndex): SpinMutex {
    const { agent, word } = attachPlace(FORMAT, descriptor, agentIndex);
    return new SpinMutex(agent, word);
  }

  /** Plain data for `postMessage`, from which another agent attaches. */
  descriptor(): LockDescriptor {
    return describePlace(FORMAT, this.agent, this.word);
  }

  /**
   * @throws ERR_ZS_LOCK_MISUSE when this agent holds it already; ERR_ZS_WOULD_BLOCK on an agent that cannot block, when
   *   its spinning did not suffice.
   * Blocks: yes, where the agent can. Main thread: yes, it gives up instead.
   */
  lock(): void {
    this.mutex.lock(this.word);
  }

  /** Blocks: no. Main thread: yes. */
  tryLock(): boolean {
    return this.mutex.tryLock(this.word);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when this agent does not hold it. */
  unlock(): void {
    this.mutex.unlock(this.word);
  }

  /** A hint that somebody has waited for long enough to ask. */
  isContended(): boolean {
    return this.mutex.isContended(this.word);
  }

  /** `lock`, as a guard for `using`. */
  acquire(): LockGuard {
    this.lock();
    return new LockGuard(() => this.unlock());
  }

  /** `acquire` for agents that cannot block. End the guard before the next `await`: the others spin for you. */
  async lockAsync(): Promise<LockGuard> {
    await acquireAsync(this.agent, () => this.lock());
    return new LockGuard(() => this.unlock());
  }

  /** Runs `section`, which must not be async, under the lock. */
  withLock<T>(section: () => T): T {
    this.lock();
    try {
      return section();
    } finally {
      this.unlock();
    }
  }
}
