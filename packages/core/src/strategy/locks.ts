// The plain locks that a strategy can be built from. One object per agent serves all locks of a kind: calls name the
// lock by the index of its first word, so there is no object per lock.

import type { Agent, WordIndex } from '../words/agent.ts';

/** Exclusive lock. */
export interface Mutex {
  lock(word: WordIndex): void;
  tryLock(word: WordIndex): boolean;
  unlock(word: WordIndex): void;
  isContended(word: WordIndex): boolean;
}

/** Reader-writer lock whose writers only try: the five functions that the author of a lock must write. */
export interface TryRwLock {
  readLock(word: WordIndex): void;
  tryReadLock(word: WordIndex): boolean;
  readUnlock(word: WordIndex): void;
  tryWriteLock(word: WordIndex): boolean;
  writeUnlock(word: WordIndex): void;
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
