// The zspage lock as one atomic counter, as first proposed (PATCHv4). Readers may be preempted inside; writers only try.
//
// STATE                bits 0-7 writer   bits 10-29 readers
//   free                 0                 0
//   read-held by n       0                 n
//   write-held by a      a                 visitors
//   Visitors are readers that have counted themselves in, have seen the writer, and are about to count themselves out.
//   Bit 29 refuses readers, so that the count of bits 10-28 and its visitors (at most 255) never reach bit 30.
//
//   readLock      add a reader; was there a writer? take it back, wait until it is gone, try again
//   readUnlock    subtract a reader
//   tryWriteLock  0 -> a, or fail
//   writeUnlock   subtract a, leaving visitors
//
// RULES, in the order of the argument (shared/design.md part 3)
//   1. Taking it never sleeps: it depends on nobody's progress but a writer's, which by rule 4 needs nobody. (A bounded
//      spin followed by timed yields is no sleep.)
//   2. A reader may sleep while it holds the lock. Arriving readers join readers inside, whatever those do.
//   3. A reader may spin to get the lock, for as long as a writer is inside.
//   4. A writer never sleeps while it holds the lock: no park, no await, no user code.
//   5. A writer never waits for the lock: it only tries, and gives up while a reader is inside. Starvation is its
//      caller's affair: moving objects is optional.
//   Further: the try of a writer may fail although the lock is free, when a reader is visiting. The word names the
//   writer; readers are anonymous. A stray writeUnlock is a failed CAS. A stray readUnlock subtracts from the topmost
//   field, so that the borrow leaves the word and not the writer's number, and adds back; in between the word is
//   negative, which every other call takes for "closed". After a death an heir unlocks for a writer and counts the readers
//   anew; meanwhile RECOUNT, the sign, shuts readers out, and those inside may leave.
//
// Source: the atomic zspage lock of PATCHv4 14/17 "zsmalloc: make zspage lock preemptible", 2025. It enters by a CAS loop;
// adding first is one call instead of two (shared/reference/locks.md A.3, which has the readers in the low bits).

import type { LockKind, ReadByMany, RecoverableRwLock } from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { noReader, notOwner, selfDeadlock, tooManyReaders } from '@zsmalloc/lock-spin/single';

const WRITER = 0xff;
const READER_SHIFT = 10;
const READER = 1 << READER_SHIFT;
const FULL = 1 << 29;
const READERS_MAX = FULL / READER;
/** An heir counts the readers. */
const RECOUNT = 1 << 31;
/** What keeps a newcomer from reading. */
const CLOSED = WRITER | FULL | RECOUNT;
/** The count with its visitors. */
const COUNT_MASK = 2 * READERS_MAX - 1;
const NAME = 'preemptible lock';

/** One atomic counter. Each call costs one Atomics call when nobody is in the way. */
export const preemptibleAtomicLock: LockKind<RecoverableRwLock> = {
  words: 1,
  bind: (agent) => new BoundPreemptibleAtomicLock(agent),
};

class BoundPreemptibleAtomicLock implements RecoverableRwLock, ReadByMany {
  readonly recovery: ReadByMany = this;
  readonly countsWhileLeaving = false;
  private readonly agent: Agent;
  private readonly words: Words;
  private readonly me: AgentIndex;

  constructor(agent: Agent) {
    this.agent = agent;
    this.words = agent.words;
    this.me = agent.index;
  }

  readLock(word: WordIndex): void {
    // order: acquire, pairs with writeUnlock. What the last writer moved is visible from here on.
    const seen = Atomics.add(this.words, word, READER);
    if ((seen & CLOSED) !== 0) this.readLockSlow(word, seen);
  }

  tryReadLock(word: WordIndex): boolean {
    // order: acquire, pairs with writeUnlock. As in readLock.
    if ((Atomics.add(this.words, word, READER) & CLOSED) === 0) return true;
    // order: relaxed, no partner. A visitor has read nothing.
    Atomics.sub(this.words, word, READER);
    return false;
  }

  readUnlock(word: WordIndex): void {
    // order: release, pairs with tryWriteLock. The next writer finds our reads finished.
    const seen = Atomics.sub(this.words, word, READER);
    if (seen < READER) this.readUnlockSlow(word, seen);
  }

  tryWriteLock(word: WordIndex): boolean {
    // order: acquire, pairs with readUnlock and writeUnlock. Earlier readers are finished, earlier moves visible.
    return Atomics.compareExchange(this.words, word, 0, this.me) === 0;
  }

  writeUnlock(word: WordIndex): void {
    // order: release, pairs with readLock, tryReadLock and tryWriteLock. Whoever comes next sees what was moved.
    const seen = Atomics.compareExchange(this.words, word, this.me, 0);
    if (seen !== this.me && !this.writeUnlockSlow(word, this.me, seen))
      throw notOwner(NAME, word, this.me, seen & WRITER);
  }

  holderOf(word: WordIndex): AgentIndex {
    // order: acquire, pairs with writeUnlock. Of a dead writer: its certificate orders what it wrote.
    return Atomics.load(this.words, word) & WRITER;
  }

  releaseFor(word: WordIndex, dead: AgentIndex): void {
    // order: relaxed. writeUnlockSlow compares it again.
    this.writeUnlockSlow(word, dead, Atomics.load(this.words, word));
  }

  closeCount(word: WordIndex): boolean {
    // order: acquire and release, pairs with readLock and readUnlock. Steps of readers that come later see RECOUNT.
    Atomics.or(this.words, word, RECOUNT);
    return true;
  }

  countOf(word: WordIndex): number {
    // order: acquire, pairs with readLock and readUnlock. What readers said of themselves before is visible.
    return (Atomics.load(this.words, word) >>> READER_SHIFT) & COUNT_MASK;
  }

  openCount(word: WordIndex, surplus: number): void {
    // order: release, pairs with readLock. RECOUNT is the sign bit: adding it clears it.
    Atomics.add(this.words, word, RECOUNT - surplus * READER);
  }

  private readLockSlow(word: WordIndex, seen: number): void {
    const { agent, words, me } = this;
    // order: relaxed, no partner. A visitor has read nothing.
    Atomics.sub(words, word, READER);
    if ((seen & WRITER) === me) throw selfDeadlock(NAME, word, me);
    if (seen >= FULL) throw tooManyReaders(NAME, word, READERS_MAX);
    for (let round = 0; ; round++) {
      backOff(agent, round, NAME);
      // order: relaxed, no partner. The CAS below decides; atomic because a plain read may be hoisted out of the loop.
      const state = Atomics.load(words, word);
      // order: acquire, pairs with writeUnlock. As in readLock.
      if ((state & CLOSED) === 0 && Atomics.compareExchange(words, word, state, state + READER) === state) return;
    }
  }

  /** The word was closed for a recount, which is no mistake, or nobody read. */
  private readUnlockSlow(word: WordIndex, seen: number): void {
    if (((seen >>> READER_SHIFT) & COUNT_MASK) !== 0) return;
    // order: relaxed, no partner. Takes back what should not have been subtracted.
    Atomics.add(this.words, word, READER);
    throw noReader(NAME, word, this.me);
  }

  /** False when `owner` does not hold the lock. */
  private writeUnlockSlow(word: WordIndex, owner: AgentIndex, seen: number): boolean {
    let state = seen;
    while ((state & WRITER) === owner) {
      // order: release, pairs with readLock, tryReadLock and tryWriteLock. As in writeUnlock; fails when a visitor comes.
      const found = Atomics.compareExchange(this.words, word, state, state & ~WRITER);
      if (found === state) return true;
      state = found;
    }
    return false;
  }
}
