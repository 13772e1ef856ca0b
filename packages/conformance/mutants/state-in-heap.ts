// Whether the lock is held is kept in the agent's own heap, and not in shared memory: it excludes only its own agent.
//
// In kind: a mutex for promises, put between workers.

import type { Mutex } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

class HeapMutex implements Mutex {
  private readonly held = new Set<WordIndex>();

  lock(word: WordIndex): void {
    this.held.add(word);
  }

  tryLock(word: WordIndex): boolean {
    if (this.held.has(word)) return false;
    this.held.add(word);
    return true;
  }

  unlock(word: WordIndex): void {
    this.held.delete(word);
  }

  isContended(): boolean {
    return false;
  }
}

export const stateInHeap = spinning('stateInHeap', { mutex: HeapMutex });
export const caught: Caught = {
  check: 'class-lock-try',
  rows: [1],
  words: /two agents were inside class lock 0 at once/,
};
