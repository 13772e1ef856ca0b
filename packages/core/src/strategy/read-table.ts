// Which reader counts an agent is in. A lock's word says how many readers are inside, not who: so that the count can be
// told when an agent dies, each says so in its own record, with plain stores around the one atomic step that counts it.
//
// STATE of an entry      its agent
//   0                    is not in the lock
//   lock << 2 | 1        enters: it may be counted, or not
//   lock << 2 | 2        is inside: it is counted
//   lock << 2 | 3        leaves: it may be counted, or not
//   `lookup` is one more entry, for the lock of the whole pool.
//
// RULES
//   1. ENTERING is stored before the step that counts the agent in, INSIDE after it; LEAVING before the step that counts
//      it out, 0 after it. So the entries of a dead agent name every lock in which it may be counted.
//   2. Who recovers counts anew (recovery/readers.ts). It needs an answer from each live agent that is in doubt, ENTERING
//      or LEAVING. Therefore an agent whose step may have come after the lock was shut for counting says so, atomically:
//      `leftLate`, and `backOff` for who waits. It cannot miss that, for its step then follows the one that shut the lock.
//   3. Entries are stored plainly although a live agent's are read by others, by atomic loads: rule 2 makes it sufficient.
//   4. The first entries lie in the agent's record, further ones in pages of their own.
//
// Source: shared/reference/locks.md A.0, "recount".

import { ZsmallocError } from '../errors.ts';
import type { Agent, WordIndex, Words } from '../words/agent.ts';

export const ENTERING = 1;
export const INSIDE = 2;
export const LEAVING = 3;
/** A lock's word index stands above the state. */
export const LOCK_SHIFT = 2;
export const STATE_MASK = 3;

/** Where the words lie. */
export interface ReadTablePlace {
  readonly alarm: WordIndex;
  readonly disturbed: WordIndex;
  readonly lookup: WordIndex;
  readonly reads: WordIndex;
  readonly readsCount: number;
  /** Makes a page of entries: index of its first word, and how many. @throws ERR_ZS_NO_MEMORY, ERR_ZS_WOULD_BLOCK. */
  readonly grow: () => { readonly first: WordIndex; readonly count: number };
}

/** One agent's side. */
export class ReadTable {
  private readonly words: Words;
  private readonly agent: Agent;
  private readonly place: ReadTablePlace;
  /** Words that say whether an alarm is on, and what this agent does to the lock of the whole pool: `lookup`. */
  readonly alarm: WordIndex;
  readonly lookup: WordIndex;
  /** Word indexes of entries: those in use come first, mostly in the order of entering. */
  private readonly entries: WordIndex[] = [];
  private used = 0;
  /** The first entry that is not in use; -1 when there is none. */
  private top: WordIndex;

  constructor(agent: Agent, place: ReadTablePlace) {
    this.agent = agent;
    this.words = agent.words;
    this.place = place;
    this.alarm = place.alarm;
    this.lookup = place.lookup;
    this.add(place.reads, place.readsCount);
    this.top = place.reads;
  }

  /** The agent is about to enter a lock. @throws ERR_ZS_NO_MEMORY, ERR_ZS_WOULD_BLOCK when it is in very many. */
  enter(lock: WordIndex): void {
    if (this.top < 0) this.grow();
    this.words[this.top] = (lock << LOCK_SHIFT) | ENTERING;
  }

  /** It has entered the lock that it was about to enter. */
  entered(lock: WordIndex): void {
    this.words[this.top] = (lock << LOCK_SHIFT) | INSIDE;
    const used = ++this.used;
    this.top = used < this.entries.length ? this.entries[used]! : -1;
  }

  /** It is about to leave a lock. @throws ERR_ZS_LOCK_MISUSE when it is not inside. */
  leave(lock: WordIndex): void {
    const last = this.used - 1;
    const entry = last < 0 ? -1 : this.entries[last]!;
    if (last < 0 || this.words[entry] !== ((lock << LOCK_SHIFT) | INSIDE)) this.bringLast(lock);
    else this.top = entry;
    this.used = last;
    this.words[this.top] = (lock << LOCK_SHIFT) | LEAVING;
  }

  /** It has left the lock that it was about to leave, or could not enter the one that it was about to enter. */
  left(): void {
    if (this.words[this.alarm] === 0) this.words[this.top] = 0;
    else this.leftLate(this.top);
  }

  /** The agent has left the pool lock, or could not enter it. */
  leftPool(): void {
    if (this.words[this.alarm] === 0) this.words[this.lookup] = 0;
    else this.leftLate(this.lookup);
  }

  /** Makes the entry of a lock the last one in use. */
  private bringLast(lock: WordIndex): void {
    const { words, entries } = this;
    const inside = (lock << LOCK_SHIFT) | INSIDE;
    const last = this.used - 1;
    let at = last;
    while (at >= 0 && words[entries[at]!] !== inside) at--;
    if (at < 0) throw this.notInside(lock);
    const entry = entries[at]!;
    entries[at] = entries[last]!;
    entries[last] = entry;
    this.top = entry;
  }

  private leftLate(entry: WordIndex): void {
    // order: release, pairs with the counting in recovery/readers.ts, which looks at the entry first and at this after.
    Atomics.add(this.words, this.place.disturbed, 1);
    // order: release, pairs as above.
    Atomics.store(this.words, entry, 0);
  }

  private grow(): void {
    const { first, count } = this.place.grow();
    this.top = first;
    this.add(first, count);
  }

  private add(first: WordIndex, count: number): void {
    for (let i = 0; i < count; i++) this.entries.push(first + i);
  }

  private notInside(lock: WordIndex): ZsmallocError {
    const { index } = this.agent;
    return new ZsmallocError(
      'ERR_ZS_LOCK_MISUSE',
      `cannot end a read of the lock at word ${lock}: agent ${index} is not inside. Pair each end with one begin, in the same agent.`,
      { lock, agent: index },
    );
  }
}
