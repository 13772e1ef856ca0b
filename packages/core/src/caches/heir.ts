// What becomes of caches when agents die. Caller holds: every class lock, or works in the name of a dead holder.
//
// RULES
//   1. Depots, and magazines of live agents that nobody leases, in classes that the dead were changing, are made whole: the dead may have
//      been taking something out.
//   2. Magazines of the dead are made whole, and what is in them is freed. Their classes count their bytes anew, as the dead may
//      have been in the middle of a malloc or free: verify() does it, as soon as it is called.
//   3. A live agent that has a lease goes on meanwhile: cached or not, its slots stay in use, and nothing else is looked at.
//   4. Done twice, it comes to the same.

import { isLive } from '../agents.ts';
import { CLASS, MAGAZINE } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { AgentIndex } from '../words/agent.ts';
import type { Magazines } from './magazines.ts';

/** See the head of the file. */
export class CacheHeir {
  private readonly state: PoolState;
  private readonly magazines: Magazines;

  constructor(state: PoolState, magazines: Magazines) {
    this.state = state;
    this.magazines = magazines;
  }

  /** Rule 1. */
  mendOthers(ordinal: number): void {
    const { words, plan } = this.state;
    this.magazines.balance(ordinal);
    this.magazines.mendDepot(ordinal);
    for (let agent = 1; agent <= plan.agentsMax; agent++) {
      const magazine = this.magazines.of(agent, ordinal);
      if (!isLive(words, plan, agent)) continue;
      if (!this.magazines.isLeased(magazine)) this.magazines.mend(ordinal, magazine);
      // Its mallocs and frees went on while the class was counted.
      else words[this.state.classWord(ordinal) + CLASS.at.bytesUnsure] = 1;
    }
  }

  /** Rule 2, for one class. */
  settleClass(dead: AgentIndex, ordinal: number): void {
    const { words } = this.state;
    const magazine = this.magazines.of(dead, ordinal);
    if (!this.isTouched(dead, ordinal)) return;
    if (this.magazines.isLeased(magazine)) words[this.state.classWord(ordinal) + CLASS.at.bytesUnsure] = 1;
    this.magazines.mend(ordinal, magazine);
    this.magazines.flush(ordinal, magazine, 0);
    words[magazine + MAGAZINE.at.pending] = 0;
    words[magazine + MAGAZINE.at.limit] = 0;
    // order: relaxed. The record is given to nobody before the dead agent's state says that it is free.
    Atomics.store(words, magazine + MAGAZINE.at.lease, 0);
  }

  /** True when there is anything in a magazine's record. */
  isTouched(dead: AgentIndex, ordinal: number): boolean {
    const { words } = this.state;
    const magazine = this.magazines.of(dead, ordinal);
    for (let at = 0; at < MAGAZINE.words; at++) if (words[magazine + at] !== 0) return true;
    return false;
  }

  /** Rule 2, for all classes. */
  settle(dead: AgentIndex): void {
    for (let ordinal = 0; ordinal < this.state.plan.shape.classes.length; ordinal++) this.settleClass(dead, ordinal);
  }
}
