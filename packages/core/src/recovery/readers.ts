// Telling a lock's reader count anew after a death: whether the dead agent was counted in is not to be seen in the word.
//
// The count is the readers that live agents say they are, and the surplus is the dead agent's. That is sound because
//   1. the lock is shut to new readers first: from then on the count only falls, but for visits of readers that find it
//      shut and take themselves out again;
//   2. what a reader said before it counted itself in is visible to whoever loads the count that includes it;
//   3. an agent that says INSIDE has been counted before the lock was shut, and one that says nothing is not counted now, or
//      it was a visitor or a late leaver, and has raised `disturbed` before it said so;
//   4. an agent that waits is not counted in the lock that it enters, unless somebody has granted it the lock, which needs the
//      lock to be open, and is told apart by the lock;
//   5. an agent in doubt (ENTERING, LEAVING) is alive, so it will say more. It waits, saying so, if it was shut out.
// So: load `disturbed`, then the count, then what everybody says; nobody in doubt and `disturbed` as before: the sum holds.
//
// The same is done again if this agent dies in the middle: nothing is subtracted that could be subtracted twice.
//
// Source: shared/reference/locks.md A.0, "recount"; the double look is that of atomic snapshots.

import { agentWord, isLive } from '../agents.ts';
import { corruptError } from '../invariant.ts';
import { AGENT, HEADER, PAGE } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { StrategyRecovery } from '../strategy/contract.ts';
import { ENTERING, INSIDE, LOCK_SHIFT, STATE_MASK } from '../strategy/read-table.ts';
import type { ReadByMany } from '../strategy/locks.ts';
import type { AgentIndex, WordIndex } from '../words/agent.ts';

/** Looks before the caller is told to try again later: an agent in doubt may have been descheduled. */
const LOOKS = 64;

/** See the head of the file. */
export class ReaderCounts {
  private readonly state: PoolState;
  private readonly recovery: StrategyRecovery;

  constructor(state: PoolState, recovery: StrategyRecovery) {
    this.state = state;
    this.recovery = recovery;
  }

  /** Words of the entries of an agent that name a lock; of a dead one, or a plain look at a live one. */
  entriesOf(agent: AgentIndex): WordIndex[] {
    const { words, plan } = this.state;
    const record = agentWord(plan, agent);
    const found: WordIndex[] = [];
    const look = (entry: WordIndex): void => {
      // order: acquire. What a live agent stored plainly is no more than a hint of where to look again.
      if (Atomics.load(words, entry) !== 0) found.push(entry);
    };
    look(record + AGENT.at.lookup);
    for (let i = 0; i < AGENT.fields.reads.words; i++) look(record + AGENT.at.reads + i);
    let pages = plan.pages;
    for (let page = words[record + AGENT.at.readPages]!; page !== 0; pages--) {
      if (page < plan.firstPage || page >= plan.pages || pages === 0) {
        throw corruptError('lists-bounded', `pages of reads of agent ${agent}`, page);
      }
      for (let i = 0; i < plan.pageWords; i++) look(page * plan.pageWords + i);
      page = words[this.state.pageWord(page) + PAGE.at.link]!;
    }
    return found;
  }

  /** Locks that entries name. */
  locksOf(entries: readonly WordIndex[]): Set<WordIndex> {
    return new Set(entries.map((entry) => this.state.words[entry]! >>> LOCK_SHIFT));
  }

  /** Makes a lock's count what live agents say it is. False: a live agent must do something first; try again later. */
  recount(lock: WordIndex, isDead: (agent: AgentIndex) => boolean): boolean {
    const counted = this.lockAt(lock);
    if (!counted.closeCount(lock, isDead)) return false;
    for (let look = 0; look < LOOKS; look++) {
      const surplus = this.surplusOf(lock, counted);
      if (surplus === undefined) continue;
      counted.openCount(lock, surplus);
      return true;
    }
    counted.openCount(lock, 0);
    return false;
  }

  /** Undefined while that cannot be told. */
  private surplusOf(lock: WordIndex, counted: ReadByMany): number | undefined {
    const { words } = this.state;
    // order: acquire, pairs with ReadTable.leftLate and underAlarm; so does the second look below.
    const before = Atomics.load(words, HEADER.at.disturbed);
    const count = counted.countOf(lock);
    const inside = this.insideOf(lock, counted);
    if (inside === undefined || Atomics.load(words, HEADER.at.disturbed) !== before) return undefined;
    if (inside > count) {
      counted.openCount(lock, 0);
      throw corruptError('readers-counted', `${inside} readers and a count of ${count} in the lock`, lock);
    }
    return count - inside;
  }

  /** Readers that live agents say they are; undefined while one is in doubt. */
  private insideOf(lock: WordIndex, counted: ReadByMany): number | undefined {
    const { words, plan } = this.state;
    let inside = 0;
    for (let agent = 1; agent <= plan.agentsMax; agent++) {
      if (!isLive(words, plan, agent)) continue;
      for (const entry of this.entriesOf(agent)) {
        // order: acquire, pairs with ReadTable.leftLate.
        const said = Atomics.load(words, entry);
        if (said >>> LOCK_SHIFT !== lock) continue;
        const state = said & STATE_MASK;
        if (state !== INSIDE && !this.isWaiting(agent)) return undefined;
        const isCounted =
          state === ENTERING
            ? counted.hasBeenGranted?.(lock, agent) === true
            : state === INSIDE || counted.countsWhileLeaving;
        if (isCounted) inside++;
      }
    }
    return inside;
  }

  /** It says so from when it has taken itself out of the lock until it tries again, and gets no further while that is shut. */
  private isWaiting(agent: AgentIndex): boolean {
    // order: acquire, pairs with underAlarm.
    return Atomics.load(this.state.words, agentWord(this.state.plan, agent) + AGENT.at.waiting) === 1;
  }

  private lockAt(lock: WordIndex): ReadByMany {
    const { plan } = this.state;
    const zspage = (lock - plan.zspageBase) / plan.zspageStride;
    const isLock = lock === plan.poolBase || (Number.isInteger(zspage) && zspage >= 1 && zspage <= plan.pages);
    const counted = isLock ? this.recovery.countedLock(lock) : undefined;
    if (counted === undefined) throw corruptError('readers-counted', 'a dead agent read what is no lock, word', lock);
    return counted;
  }
}
