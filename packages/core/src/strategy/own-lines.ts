// A zspage lock whose readers write no shared line: each marks on its agent's own line which zspage it is in, so that
// readers on two cores do not pass a cache line to and fro.
//
// STATE of a slot     its agent
//   0                 is not inside by this slot
//   lock word index   is inside that zspage, or is looking whether it may be
//   An agent has OWN_LINE_WORDS slots. Those in use lie below `top`, with holes where reads did not end in reverse order. In
//   a pool with kernels the last slot is theirs.
//   The zspage's own word is that of a lock with a reader count, which names its writer.
//
//   enter         store the slot; load the word: no writer, then inside. Else clear the slot, and enter the count
//   leave         clear the slot
//   tryWriteLock  take the word, or fail; load all slots: the zspage is in one, then give the word back, and fail
//
// RULES
//   1. Reader: slot, then word. Writer: word, then slots. All four are atomic, hence in one order that all agents agree
//      on: of a reader and a writer that meet, at least one sees the other (Dekker). Who sees the other one backs off.
//   2. A writer that fails has changed nothing and never waits. A reader that saw a writer waits for it as the lock has it.
//   3. An agent whose slots are full enters the count, as a reader does that saw a writer: any number of reads may be open.
//   4. A mark never moves from slot to slot: a scan would pass it by.
//   5. A scan ends at the highest agent that ever attached. One that it misses so has raised that number after the writer
//      took the word, and sees the writer.
//   6. Slots name their agent, so after a death they are cleared, and nothing is counted. The count is told anew as ever.
//
// Source: brlock of Linux 2.4 and ck_brlock; deferred readers of folly's SharedMutex; shared/reference/locks.md A.6.

import type { AgentIndex, WordIndex, Words } from '../words/agent.ts';
import type { StrategyHost } from './contract.ts';
import type { ReadByMany, TryRwLock } from './locks.ts';
import type { ReadTable } from './read-table.ts';

/** Slots of an agent. Reads nest seldom, and a writer loads every slot. */
export const OWN_LINE_WORDS = 4;

/** A lock that says after a death who writes and how many read. */
export interface RecoverableRwLock extends TryRwLock {
  readonly recovery: ReadByMany;
}

/** Where the words lie. */
export interface OwnLinesPlace {
  /** First slot of agent 0, which has none; further agents follow at `agentStride` of the host. */
  readonly slots: WordIndex;
  /** Highest agent that ever attached. */
  readonly agentsHigh: WordIndex;
}

/** One agent's side. */
export class OwnLines {
  private readonly words: Words;
  private readonly lock: RecoverableRwLock;
  /** The count, and who writes. */
  readonly counted: ReadByMany;
  private readonly reads: ReadTable;
  private readonly slots: WordIndex;
  private readonly stride: number;
  private readonly agentsHigh: WordIndex;
  private readonly first: WordIndex;
  private readonly limit: WordIndex;
  private top: WordIndex;
  private readonly found: WordIndex[] = [];

  constructor(host: StrategyHost, lock: RecoverableRwLock, place: OwnLinesPlace) {
    this.words = host.agent.words;
    this.lock = lock;
    this.counted = lock.recovery;
    this.reads = host.reads;
    this.slots = place.slots;
    this.stride = host.agentStride;
    this.agentsHigh = place.agentsHigh;
    this.first = this.slotsOf(host.agent.index);
    this.limit = this.first + OWN_LINE_WORDS - (host.hasKernels === true ? 1 : 0);
    this.top = this.first;
    this.raise(host.agent.index);
  }

  /** @throws ERR_ZS_WOULD_BLOCK, ERR_ZS_NO_MEMORY. */
  enter(lock: WordIndex): void {
    const slot = this.top;
    if (slot !== this.limit) {
      // order: sequentially consistent, pairs with the scan of marks. Rule 1.
      Atomics.store(this.words, slot, lock);
      // order: acquire, pairs with the writer's unlock: what it moved is visible. And rule 1: loaded after the store.
      if (this.counted.holderOf(lock) === 0) {
        this.top = slot + 1;
        return;
      }
      // order: relaxed. It has read nothing.
      Atomics.store(this.words, slot, 0);
    }
    this.enterCount(lock);
  }

  private enterCount(lock: WordIndex): void {
    const { reads } = this;
    reads.enter(lock);
    try {
      this.lock.readLock(lock);
    } catch (error) {
      reads.left();
      throw error;
    }
    reads.entered(lock);
  }

  /** @throws ERR_ZS_LOCK_MISUSE when this agent is not inside. */
  leave(lock: WordIndex): void {
    const slot = this.top - 1;
    // Plain: nobody else writes to a live agent's slots.
    if (slot >= this.first && this.words[slot] === lock) {
      this.top = slot;
      // order: release, pairs with the scan of marks. The writer finds our reads finished.
      Atomics.store(this.words, slot, 0);
    } else this.leaveOther(lock);
  }

  /** False while anybody is inside. */
  tryWriteLock(lock: WordIndex): boolean {
    if (!this.lock.tryWriteLock(lock)) return false;
    if (!this.isMarked(lock)) return true;
    this.lock.writeUnlock(lock);
    return false;
  }

  writeUnlock(lock: WordIndex): void {
    this.lock.writeUnlock(lock);
  }

  /** True when a reader is inside by a mark. */
  isMarked(lock: WordIndex): boolean {
    return this.marks().includes(lock);
  }

  /** Lock words of all zspages that readers are inside by a mark. */
  marks(): readonly WordIndex[] {
    const { words, found } = this;
    found.length = 0;
    // order: sequentially consistent, pairs with `raise`. Rule 5.
    const agents = Atomics.load(words, this.agentsHigh);
    for (let agent = 1; agent <= agents; agent++) {
      const first = this.slotsOf(agent);
      for (let i = 0; i < OWN_LINE_WORDS; i++) {
        // order: sequentially consistent, pairs with enter and leave. Rule 1.
        const mark = Atomics.load(words, first + i);
        if (mark !== 0) found.push(mark);
      }
    }
    return found;
  }

  /** Slots in which a dead agent is marked as inside. */
  marksOf(dead: AgentIndex): number {
    const first = this.slotsOf(dead);
    // Plain: the dead agent's certificate orders them.
    return this.words.subarray(first, first + OWN_LINE_WORDS).filter((mark) => mark !== 0).length;
  }

  bury(dead: AgentIndex): void {
    const first = this.slotsOf(dead);
    for (let i = 0; i < OWN_LINE_WORDS; i++) {
      // order: release, pairs with the scan of marks.
      Atomics.store(this.words, first + i, 0);
    }
  }

  private leaveOther(lock: WordIndex): void {
    const { words, first } = this;
    for (let slot = this.top - 1; slot >= first; slot--) {
      if (words[slot] !== lock) continue;
      // order: release, as in leave.
      Atomics.store(words, slot, 0);
      while (this.top > first && words[this.top - 1] === 0) this.top--;
      return;
    }
    this.reads.leave(lock);
    this.lock.readUnlock(lock);
    this.reads.left();
  }

  private slotsOf(agent: AgentIndex): WordIndex {
    return this.slots + agent * this.stride;
  }

  private raise(agent: AgentIndex): void {
    const { words, agentsHigh } = this;
    for (;;) {
      // order: relaxed. The compare-exchange decides.
      const seen = Atomics.load(words, agentsHigh);
      // order: sequentially consistent, pairs with marks. Rule 5.
      if (seen >= agent || Atomics.compareExchange(words, agentsHigh, seen, agent) === seen) return;
    }
  }
}
