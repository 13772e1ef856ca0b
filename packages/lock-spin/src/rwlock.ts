// Reader-writer spin lock: one word, no queue, no parking.
//
// STATE                bits 0-7 owner  bit 8 WAITING  bit 9 CONTENDED  bits 12-29 readers
//   free                 0               0              0                0
//   read-held by n       0               0 or 1         0                n
//   write-held by a      a               0 or 1         0 or 1           visitors
//   reserved             0               1              0                0
//   Visitors are readers that have counted themselves in, have seen the writer, and are about to count themselves out.
//   (0, -, 1, -) cannot occur: CONTENDED is set on write-held words only, and writeUnlock clears it.
//   Bit 29 refuses readers, so that the count of bits 12-28 and its visitors (at most 255) never reach bit 30.
//
// RULES
//   1. Writers wait for readers and writers. Readers wait for a writer inside, and for a waiting one up to their patience.
//   2. WAITING stops new readers, so readers cannot starve a writer; readers inside always finish. A reader that has
//      waited long passes WAITING and clears it: so a nested read, or a writer that died waiting, delays but does not hang.
//   3. tryReadLock fails while a writer waits. The tries may fail when another agent is visiting; neither try ever waits.
//   4. A holder must not park, await, or take another lock of the same level. It may be descheduled: waiters yield.
//   5. The word names the writer; readers are anonymous. Unlocking by a stranger leaves the word as it was: writeUnlock
//      is a CAS; readUnlock subtracts from the topmost field and, when nobody read, adds back. In between the word is
//      negative, which every other call takes for "closed".
//   6. After a death an heir unlocks for a writer, which the word names, and counts the readers anew. Meanwhile RECOUNT, the
//      sign, shuts readers out; those inside may leave.
//
// Source: the word of shared/reference/locks.md A.4, after Linux kernel/locking/qrwlock.c without its inner queue.

import type { LockKind, ReadByMany, RwLock } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { noReader, notOwner, selfDeadlock, tooManyReaders } from './misuse.ts';
import { patienceRounds, waitRound } from './waiting.ts';

const OWNER = 0xff;
const WAITING = 1 << 8;
const CONTENDED = 1 << 9;
const READER_SHIFT = 12;
const READER = 1 << READER_SHIFT;
const FULL = 1 << 29;
const READERS_MAX = FULL / READER;
/** An heir counts the readers. */
const RECOUNT = 1 << 31;
/** The count with its visitors. */
const COUNT_MASK = 2 * READERS_MAX - 1;
/** What keeps a newcomer from reading. */
const CLOSED = OWNER | WAITING | FULL | RECOUNT;
const NAME = 'spin rwlock';

/** Reader-writer spin lock in one word. Each call costs one Atomics call when nobody is in the way. */
export const spinRwLock: LockKind<RwLock> = {
  words: 1,
  bind: (agent) => new BoundSpinRwLock(agent),
};

class BoundSpinRwLock implements RwLock, ReadByMany {
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
    // order: acquire, pairs with writeUnlock. What the last writer changed is visible from here on.
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
    // order: release, pairs with writeLock and tryWriteLock. The next writer finds our reads finished.
    const seen = Atomics.sub(this.words, word, READER);
    if (seen < READER) this.readUnlockSlow(word, seen);
  }

  writeLock(word: WordIndex): void {
    // order: acquire, pairs with readUnlock and writeUnlock. Earlier readers are finished, earlier writes visible.
    const seen = Atomics.compareExchange(this.words, word, 0, this.me);
    if (seen !== 0) this.writeLockSlow(word, seen);
  }

  tryWriteLock(word: WordIndex): boolean {
    // order: acquire, pairs with readUnlock and writeUnlock. As in writeLock.
    return Atomics.compareExchange(this.words, word, 0, this.me) === 0;
  }

  writeUnlock(word: WordIndex): void {
    // order: release, pairs with readLock, writeLock and the tries. The next holder sees what this writer changed.
    const seen = Atomics.compareExchange(this.words, word, this.me, 0);
    if (seen !== this.me && !this.writeUnlockSlow(word, this.me, seen))
      throw notOwner(NAME, word, this.me, seen & OWNER);
  }

  holderOf(word: WordIndex): AgentIndex {
    // order: acquire, pairs with writeUnlock. Of a dead writer: its certificate orders what it wrote.
    return Atomics.load(this.words, word) & OWNER;
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

  isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    return (Atomics.load(this.words, word) & (WAITING | CONTENDED)) !== 0;
  }

  private readLockSlow(word: WordIndex, seen: number): void {
    const { agent, words, me } = this;
    // order: relaxed, no partner. A visitor has read nothing.
    Atomics.sub(words, word, READER);
    if ((seen & OWNER) === me) throw selfDeadlock(NAME, word, me);
    if (seen >= FULL) throw tooManyReaders(NAME, word, READERS_MAX);
    const patience = patienceRounds(agent);
    let state = seen;
    let asked = 0;
    for (let round = 0; ; round++) {
      const closed = round >= patience ? CLOSED & ~WAITING : CLOSED;
      if ((state & closed) === 0) {
        // order: acquire, pairs with writeUnlock. As in readLock.
        if (Atomics.compareExchange(words, word, state, (state & ~WAITING) + READER) === state) return;
      } else if ((state & OWNER) !== 0 && (state & CONTENDED) === 0 && round >= agent.spin.yieldAfter) {
        asked = CONTENDED;
        // order: relaxed, no partner. A request; losing the race costs one round.
        Atomics.compareExchange(words, word, state, state | CONTENDED);
      }
      waitRound(agent, round, NAME, word, asked);
      // order: relaxed, no partner. The CAS above decides.
      state = Atomics.load(words, word);
    }
  }

  private writeLockSlow(word: WordIndex, seen: number): void {
    const { agent, words, me } = this;
    if ((seen & OWNER) === me) throw selfDeadlock(NAME, word, me);
    let state = seen;
    let asked = 0;
    for (let round = 0; ; round++) {
      if ((state & ~WAITING) === 0) {
        // Clears WAITING: a writer that still waits sets it again.
        // order: acquire, pairs with readUnlock and writeUnlock. As in writeLock.
        if (Atomics.compareExchange(words, word, state, me) === state) return;
      } else if ((state & WAITING) === 0) {
        asked = WAITING;
        // order: relaxed, no partner. A request; losing the race costs one round.
        Atomics.compareExchange(words, word, state, state | WAITING);
      }
      waitRound(agent, round, NAME, word, asked);
      // order: relaxed, no partner. The CAS above decides.
      state = Atomics.load(words, word);
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
    while ((state & OWNER) === owner) {
      // order: release, pairs with readLock and writeLock. As in writeUnlock; fails when a visitor or a request comes.
      const found = Atomics.compareExchange(this.words, word, state, state & ~(OWNER | CONTENDED));
      if (found === state) return true;
      state = found;
    }
    return false;
  }
}
