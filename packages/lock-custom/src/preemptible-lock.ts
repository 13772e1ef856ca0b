// The zspage lock that landed in Linux: a spin mutex and a reader counter, two words. Readers may be preempted inside.
//
// STATE                     word 0: spin mutex   word 1: bits 0-19 readers, bits 20-27 writer
//   free                      free                 0                        0
//   counting                  held, a few steps    n                        0
//   read-held by n            free                 n > 0                    0
//   write-held by a           held by a            0                        a
//
//   readLock      mutex; n -> n + 1; unlock mutex        tryWriteLock   try mutex; n = 0 ? writer a, mutex kept : unlock it
//   readUnlock    mutex; n -> n - 1; unlock mutex        writeUnlock    writer 0; unlock mutex
//
// RULES, in the order of the argument (shared/design.md part 3)
//   1. Taking it never sleeps: it depends on nobody's progress but that of an agent inside a section of a few steps, or
//      of a writer, which by rule 4 needs nobody. (A bounded spin followed by timed yields is no sleep.)
//   2. A reader may sleep while it holds the lock: it holds a count, not the mutex.
//   3. A reader may spin to get the lock: a writer keeps the mutex for its whole section, so "a writer is inside" is
//      "the mutex is held", and the writer field only checks for misuse.
//   4. A writer never sleeps while it holds the lock: no park, no await, no user code.
//   5. A writer never waits for the lock: it only tries, and gives up while a reader is inside. Starvation is its
//      caller's affair: moving objects is optional.
//   Further: a try may fail although the lock is free, when another agent is counting. Unlocking for reading must not
//   fail, so an agent that may not block spins past its budget there; what it waits for is a section of a few steps.
//   Readers are anonymous. After a death an heir unlocks for a writer, which the mutex names, and counts the readers anew,
//   under the mutex.
//
// Source: zspage_read_lock() to zspage_write_unlock() in Linux mm/zsmalloc.c, 2025. There the writer's try waits for the
// mutex; here it tries that as well, since nobody here can switch preemption off while counting.

import type { HeldByOne, LockKind, Mutex, ReadByMany, TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { spinMutex } from '@zsmalloc/lock-spin';
import { noReader, notOwner, tooManyReaders } from '@zsmalloc/lock-spin/single';

/** The counter's distance from the mutex. */
const COUNTER = spinMutex.words;
const READERS_MAX = (1 << 20) - 1;
const WRITER_SHIFT = 20;
const NAME = 'preemptible lock';

/** Spin mutex plus reader counter. A read pair costs four Atomics calls, a write pair two. */
export const preemptibleLock: LockKind<TryRwLock> = {
  words: spinMutex.words + 1,
  bind: (agent) => new BoundPreemptibleLock(agent),
};

class BoundPreemptibleLock implements TryRwLock, ReadByMany {
  readonly recovery: ReadByMany = this;
  readonly countsWhileLeaving = true;
  private readonly mutex: Mutex;
  private readonly held: HeldByOne;
  private readonly mutexToLeave: Mutex;
  private readonly words: Words;
  private readonly me: AgentIndex;

  constructor(agent: Agent) {
    this.mutex = spinMutex.bind(agent);
    this.held = this.mutex.recovery!;
    this.mutexToLeave = spinMutex.bind(unyielding(agent));
    this.words = agent.words;
    this.me = agent.index;
  }

  readLock(word: WordIndex): void {
    this.mutex.lock(word);
    this.countIn(word);
  }

  tryReadLock(word: WordIndex): boolean {
    if (!this.mutex.tryLock(word)) return false;
    this.countIn(word);
    return true;
  }

  readUnlock(word: WordIndex): void {
    const { words, mutexToLeave: mutex } = this;
    mutex.lock(word);
    // Plain: the mutex guards the counter.
    const readers = words[word + COUNTER];
    if (readers > 0) words[word + COUNTER] = readers - 1;
    mutex.unlock(word);
    if (readers === 0) throw noReader(NAME, word, this.me);
  }

  tryWriteLock(word: WordIndex): boolean {
    const { words, mutex, me } = this;
    if (!mutex.tryLock(word)) return false;
    // Plain: the mutex guards the counter.
    if (words[word + COUNTER] !== 0) {
      mutex.unlock(word);
      return false;
    }
    words[word + COUNTER] = me << WRITER_SHIFT;
    return true;
  }

  writeUnlock(word: WordIndex): void {
    const { words, mutex, me } = this;
    // Plain: the writer holds the mutex. For anybody else the read may be stale, but it never shows that agent's number.
    const counter = words[word + COUNTER];
    if (counter !== me << WRITER_SHIFT) throw notOwner(NAME, word, me, counter >> WRITER_SHIFT);
    words[word + COUNTER] = 0;
    mutex.unlock(word);
  }

  holderOf(word: WordIndex): AgentIndex {
    return this.held.holderOf(word);
  }

  releaseFor(word: WordIndex, dead: AgentIndex): void {
    const { words } = this;
    // Plain: where the dead agent is the writer, the mutex is its own.
    if (words[word + COUNTER] === dead << WRITER_SHIFT) words[word + COUNTER] = 0;
    this.held.releaseFor(word, dead);
  }

  closeCount(word: WordIndex, isDead: (agent: AgentIndex) => boolean): boolean {
    // No try: it fails on a free mutex for which an agent has asked that died waiting. This takes it, and ends the request.
    if (!isDead(this.held.holderOf(word))) this.mutex.lock(word);
    return true;
  }

  countOf(word: WordIndex): number {
    // Plain: this agent holds the mutex, or has inherited it.
    return this.words[word + COUNTER] & READERS_MAX;
  }

  openCount(word: WordIndex, surplus: number): void {
    const { words, held } = this;
    words[word + COUNTER] -= surplus;
    // A dead writer's mutex is released with its mark.
    if (words[word + COUNTER] >> WRITER_SHIFT === 0) held.releaseFor(word, held.holderOf(word));
  }

  /** Caller holds: the mutex, which this gives back. */
  private countIn(word: WordIndex): void {
    const { words, mutex } = this;
    // Plain: the mutex guards the counter, and no writer is inside, for a writer keeps the mutex.
    const readers = words[word + COUNTER];
    if (readers < READERS_MAX) words[word + COUNTER] = readers + 1;
    mutex.unlock(word);
    if (readers === READERS_MAX) throw tooManyReaders(NAME, word, READERS_MAX);
  }
}

/** The same agent, except that it spins for as long as it takes: ending a read must not fail. */
function unyielding(agent: Agent): Agent {
  const { words, index, spin } = agent;
  return {
    words,
    index,
    spin: { ...spin, refuseAfter: Infinity },
    lifeline: agent.lifeline,
    // Looked up on each call: async twins change it.
    get mayBlock() {
      return agent.mayBlock;
    },
  };
}
