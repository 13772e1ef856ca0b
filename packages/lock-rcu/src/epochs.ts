// Epochs: tells when every reader that could have seen something has finished. Needs no pool: words and agent slots do.
//
// STATE of an agent's slot     bit 0 ACTIVE   bits 1-28 epoch
//   outside                     0              0
//   in a section since e        1              e, EPOCH as it was then or earlier
//
//   pin       outside -> in a section; nested pins count in the agent's own heap
//   unpin     in a section -> outside, when the outermost ends
//   advance   EPOCH e -> e + 1, if no slot is in a section since another epoch than e
//
// RULES
//   1. A reader pins, then loads the pointer atomically, and uses nothing of it after unpin.
//   2. A writer unlinks first (an atomic store), and samples EPOCH after that: r. Sampled before, r may be too small.
//   3. What was unlinked is unreachable once EPOCH is GRACE past r.
//        Why 2: the advance from r + 1 to r + 2 read every slot after the unlink. A reader in a section since r + 1 or
//        outside then either pinned before EPOCH was r + 1 and has ended, or stored its slot, and so loads the pointer,
//        after the unlink. The advance from r to r + 1 may have read a slot before the reader stored it, so one is too few.
//   4. A section's epoch may be stale: it delays the next advance until the section ends. Therefore pin reads EPOCH
//      plainly. It must not be newer than the section; no implementation moves a plain load behind an atomic store.
//   5. Anybody may advance. Nobody waits in pin or unpin.
//   6. An agent that stays in a section stops EPOCH one further on, for all: see `laggards`. One that dies in a section
//      stops it until it is buried.
//
// Source: epoch-based reclamation (Fraser 2004) as in crossbeam-epoch and ck_epoch; shared/reference/locks.md C.1.

import { retrySoon } from '@zsmalloc/core/strategy';
import { AGENTS_MAX, backOff } from '@zsmalloc/core/words';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { notPinned, waitsInSection } from './misuse.ts';
import { AGENT, POOL } from './records.ts';

const EPOCH_BITS = 28;
const EPOCH_MASK = (1 << EPOCH_BITS) - 1;
const UNUSED_BITS = 32 - EPOCH_BITS;
const ACTIVE = 1;
/** See rule 3. */
export const GRACE = 2;
/** Rounds of waiting before lagging agents are asked for a quiescent state: a section in progress mostly ends sooner. */
const PATIENCE_ROUNDS = 4;

/** Where the words lie: what a pool gives its strategy, or any zeroed words. Pad agent records to 128 bytes. */
export interface EpochPlace {
  /** `EPOCH_WORDS.pool` words. */
  readonly poolBase: WordIndex;
  /** Agent a has `EPOCH_WORDS.agent` words at `agentBase + a * agentStride`, from a = 1. */
  readonly agentBase: WordIndex;
  readonly agentStride: number;
}

/** Words that `Epochs` needs. */
export const EPOCH_WORDS: { readonly pool: number; readonly agent: number } = { pool: POOL.words, agent: AGENT.words };

/** An agent whose section keeps EPOCH from advancing. */
export interface Laggard {
  readonly agent: AgentIndex;
  /** How many epochs ago its section began: 1, as EPOCH does not get further ahead. */
  readonly epochsBehind: number;
}

/** Epochs `a - b` across the wrap. */
export function epochsSince(a: number, b: number): number {
  return ((a - b) << UNUSED_BITS) >> UNUSED_BITS;
}

/** One agent's side of the epochs. Exact pins: a section is what lies between `pin` and `unpin`. */
export class Epochs {
  /** Open sections of this agent. */
  protected open = 0;
  protected readonly words: Words;
  protected readonly needWord: WordIndex;
  private readonly agent: Agent;
  private readonly epochWord: WordIndex;
  private readonly highWord: WordIndex;
  private readonly slotWord: WordIndex;
  private readonly agentBase: WordIndex;
  private readonly agentStride: number;

  constructor(agent: Agent, place: EpochPlace) {
    this.agent = agent;
    this.words = agent.words;
    this.epochWord = place.poolBase + POOL.at.epoch;
    this.highWord = place.poolBase + POOL.at.agentsHigh;
    this.agentBase = place.agentBase;
    this.agentStride = place.agentStride;
    const own = place.agentBase + agent.index * place.agentStride;
    this.slotWord = own + AGENT.at.slot;
    this.needWord = own + AGENT.at.need;
    this.register();
  }

  /** Begins a section, or nests in one. Blocks: no. Main thread: yes. */
  pin(): void {
    if (this.open++ === 0) this.enter();
  }

  /** @throws ERR_ZS_LOCK_MISUSE without a pin. Blocks: no. Main thread: yes. */
  unpin(): void {
    if (this.open === 0) throw notPinned(this.agent.index);
    if (--this.open === 0) this.leave();
  }

  /** Sections that this agent has open. */
  get nest(): number {
    return this.open;
  }

  /** Says that this agent uses nothing that it read earlier. Exact pins say so by themselves. */
  quiescent(): void {}

  /** EPOCH now. What was unlinked before this call is unreachable once `epochsSince(now, this) >= GRACE`. */
  sample(): number {
    // order: acquire, pairs with advance. After the caller's unlink: rule 2.
    return Atomics.load(this.words, this.epochWord);
  }

  /** Tries to advance EPOCH. True when it has moved on, by whomever. Blocks: no. Main thread: yes. */
  advance(): boolean {
    const { words } = this;
    const epoch = this.sample();
    // order: acquire, pairs with register. An agent that we miss pins later than this, so it finds nothing unlinked.
    const high = Math.min(AGENTS_MAX, Atomics.load(words, this.highWord));
    for (let agent = 1; agent <= high; agent++) {
      // order: acquire, pairs with leave. The section's reads are finished, so that reuse does not race with them.
      const slot = Atomics.load(words, this.agentBase + agent * this.agentStride + AGENT.at.slot);
      if ((slot & ACTIVE) !== 0 && slot >>> 1 !== epoch) return false;
    }
    // order: release, pairs with sample. Whoever sees the new epoch sees that the sections before it are over.
    Atomics.compareExchange(words, this.epochWord, epoch, (epoch + 1) & EPOCH_MASK);
    return true;
  }

  /** Names the grace period that begins now, for `poll`. */
  cookie(): number {
    return (this.sample() + GRACE) & EPOCH_MASK;
  }

  /** True when the cookie's grace period is over; helps it along. Blocks: no. Main thread: yes. */
  poll(cookie: number): boolean {
    while (epochsSince(this.sample(), cookie) < 0) {
      if (!this.advance()) return false;
    }
    return true;
  }

  /**
   * Waits until every section that is open now has ended.
   *
   * @throws ERR_ZS_LOCK_MISUSE inside a section of this agent; ERR_ZS_WOULD_BLOCK on an agent that may not block, when its
   *   spinning did not suffice.
   * Blocks: yes, where the agent can. Main thread: yes, it gives up instead.
   * Source: synchronize_rcu().
   */
  synchronize(): void {
    const cookie = this.beginWait();
    for (let round = 0; !this.poll(cookie); round++) this.waitRound(round);
  }

  /** `synchronize` for agents that cannot block. Keeps the process alive meanwhile. */
  async synchronizeAsync(): Promise<void> {
    const cookie = this.beginWait();
    for (let round = 0; !this.poll(cookie); round++) {
      if (round === PATIENCE_ROUNDS) this.expedite();
      await retrySoon();
      this.quiescent();
    }
  }

  /** One round of waiting for a grace period. @throws ERR_ZS_WOULD_BLOCK as `backOff` does. */
  waitRound(round: number): void {
    if (round === PATIENCE_ROUNDS) this.expedite();
    backOff(this.agent, round, 'end of the grace period');
  }

  /** Asks lagging agents for a quiescent state. Those with exact pins pass one by themselves, or never. */
  expedite(): void {
    for (const { agent } of this.laggards()) {
      // order: relaxed, no partner. A request, which its agent clears.
      Atomics.store(this.words, this.agentBase + agent * this.agentStride + AGENT.at.need, 1);
    }
  }

  /** Agents whose sections keep EPOCH from advancing just now. */
  laggards(): Laggard[] {
    const { words } = this;
    const epoch = this.sample();
    const found: Laggard[] = [];
    // order: relaxed, pairs with register. A report.
    const high = Math.min(AGENTS_MAX, Atomics.load(words, this.highWord));
    for (let agent = 1; agent <= high; agent++) {
      // order: relaxed, no partner. A report.
      const slot = Atomics.load(words, this.agentBase + agent * this.agentStride + AGENT.at.slot);
      const epochsBehind = epochsSince(epoch, slot >>> 1);
      if ((slot & ACTIVE) !== 0 && epochsBehind !== 0) found.push({ agent, epochsBehind });
    }
    return found;
  }

  /** Ends the section of an agent that is dead for certain. */
  bury(dead: AgentIndex): void {
    const slot = this.agentBase + dead * this.agentStride + AGENT.at.slot;
    // order: release, pairs with advance. The certificate orders the dead agent's reads before this.
    Atomics.store(this.words, slot, 0);
  }

  protected enter(): void {
    const { words } = this;
    // order: release and acquire, pairs with advance. An advance that misses this store is ordered before our loads of
    // pointers. EPOCH is read plainly: rule 4.
    Atomics.store(words, this.slotWord, (words[this.epochWord]! << 1) | ACTIVE);
  }

  protected leave(): void {
    // order: release, pairs with advance. Our reads are finished.
    Atomics.store(this.words, this.slotWord, 0);
  }

  /** Goes out of sections that may be left, and names the grace period that begins now. @throws ERR_ZS_LOCK_MISUSE. */
  beginWait(): number {
    if (this.nest > 0) throw waitsInSection(this.agent.index, this.nest);
    this.quiescent();
    return this.cookie();
  }

  /** Makes scans reach this agent's slot, before its first section. */
  private register(): void {
    const { words, highWord } = this;
    const { index } = this.agent;
    // order: relaxed, no partner. The compare-exchange decides.
    let high = Atomics.load(words, highWord);
    while (high < index) {
      // order: release, pairs with advance.
      const found = Atomics.compareExchange(words, highWord, high, index);
      if (found === high) return;
      high = found;
    }
  }
}
