// The plain locks that a strategy can be built from. One object per agent serves all locks of a kind: calls name the
// lock by the index of its first word, so there is no object per lock.

import type { Agent, AgentIndex, WordIndex } from '../words/agent.ts';

/** What a lock's exclusive side offers to who recovers from the death of an agent. None of it waits. */
export interface HeldByOne {
  /** Agent that holds the lock, alone; 0 for nobody. */
  holderOf(word: WordIndex): AgentIndex;
  /** Frees the lock in the name of `dead`; without effect when that agent does not hold it. */
  releaseFor(word: WordIndex, dead: AgentIndex): void;
}

/** What a lock's reader count offers besides. */
export interface ReadByMany extends HeldByOne {
  /**
   * Shuts readers out, without a look at those inside, and returns true; false, or ERR_ZS_WOULD_BLOCK, when it cannot tell yet. An
   * agent that was shut out goes through `backOff`. `isDead` says whether an agent can be inherited from.
   */
  closeCount(word: WordIndex, isDead: (agent: AgentIndex) => boolean): boolean;
  /** Readers that are counted, those included that are about to take themselves out again. Between close and open. */
  countOf(word: WordIndex): number;
  /** An agent that waits while it leaves is counted still. */
  readonly countsWhileLeaving: boolean;
  /** True when an agent that waits has been counted in by somebody else, and does not know yet. */
  hasBeenGranted?(word: WordIndex, agent: AgentIndex): boolean;
  /** Takes `surplus` off the count, and lets readers in again. */
  openCount(word: WordIndex, surplus: number): void;
}

/** Exclusive lock. */
export interface Mutex {
  lock(word: WordIndex): void;
  tryLock(word: WordIndex): boolean;
  unlock(word: WordIndex): void;
  isContended(word: WordIndex): boolean;
  /** Left out, the death of an agent poisons a pool that uses the lock. */
  readonly recovery?: HeldByOne;
}

/** Reader-writer lock whose writers only try: the five functions that the author of a lock must write. */
export interface TryRwLock {
  readLock(word: WordIndex): void;
  tryReadLock(word: WordIndex): boolean;
  readUnlock(word: WordIndex): void;
  tryWriteLock(word: WordIndex): boolean;
  writeUnlock(word: WordIndex): void;
  /** Left out, the death of an agent poisons a pool that uses the lock. */
  readonly recovery?: ReadByMany;
}

/** Reader-writer lock. */
export interface RwLock extends TryRwLock {
  writeLock(word: WordIndex): void;
  isContended(word: WordIndex): boolean;
}

/** A kind of lock: how many words each lock takes, and how an agent gets its side of them. */
export interface LockKind<L> {
  readonly words: number;
  bind(agent: Agent): L;
}
