// The zspage lock that landed in Linux, in short: a spin mutex and a count of readers. A writer keeps the mutex.
//
// STATE   word 0: the mutex   word 1: readers, guarded by the mutex

import type { TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent, WordIndex, Words } from '@zsmalloc/core/words';
import { misused } from './misuse.ts';
import { SpinMutex } from './spin-locks.ts';

/** Distance of the count from the mutex. */
export const COUNT = 1;

/** Rules as in lock-custom's preemptible-lock.ts. */
export class CountedLock implements TryRwLock {
  protected readonly agent: Agent;
  protected readonly words: Words;
  protected readonly mutex: SpinMutex;
  private readonly patient: SpinMutex;

  constructor(agent: Agent) {
    this.agent = agent;
    this.words = agent.words;
    this.mutex = new SpinMutex(agent);
    // Ending a read must not fail, so it does not give up.
    this.patient = new SpinMutex({ ...agent, spin: { ...agent.spin, refuseAfter: Infinity } });
  }

  readLock(word: WordIndex): void {
    this.mutex.lock(word);
    this.words[word + COUNT]! += 1;
    this.mutex.unlock(word);
  }

  tryReadLock(word: WordIndex): boolean {
    if (!this.mutex.tryLock(word)) return false;
    this.words[word + COUNT]! += 1;
    this.mutex.unlock(word);
    return true;
  }

  readUnlock(word: WordIndex): void {
    this.patient.lock(word);
    const readers = this.words[word + COUNT]!;
    if (readers > 0) this.words[word + COUNT] = readers - 1;
    this.mutex.unlock(word);
    if (readers === 0) throw misused('end a read although nobody reads', word, this.agent.index);
  }

  tryWriteLock(word: WordIndex): boolean {
    if (!this.mutex.tryLock(word)) return false;
    if (this.words[word + COUNT] === 0) return true;
    this.mutex.unlock(word);
    return false;
  }

  writeUnlock(word: WordIndex): void {
    this.mutex.unlock(word);
  }
}
