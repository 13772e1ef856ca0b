// The pool's side of the contract over a small pool. It poisons what is reclaimed, and objects to what is reclaimed twice.

import type { Location, StrategyHost, ZspageIndex } from '@zsmalloc/core/strategy';
import { CELL_RETIRED, ReadTable } from '@zsmalloc/core/strategy';
import type { Agent, WordIndex } from '@zsmalloc/core/words';
import { INDEX_BITS, LOCKS, SLOTS_PER_ZSPAGE, SLOT_WORDS, ZSPAGES, classOfZspage, nameLock } from './plan.ts';
import type { SmallPlan } from './plan.ts';

/** States of a slot. */
export const FREE = 0;
export const LIVE = 1;
export const RETIRED = 2;

/** What a reclaimed slot's bytes become: no program writes it. */
export const POISON = 0x7ead_dead;

/** Words of a slot. */
export const SLOT = { header: 0, spare: 1, first: 2, last: 3, age: 4 } as const;

/** A cell that is free: it names no object. */
const CELL_FREE = 1 << 30;

/** Raised by the kit's own checks, so that they are told from errors of the strategy. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Rows to blame: those that the check is about; the first, when it is about none of them. Undefined: the check's. */
  readonly rows: readonly number[] | undefined;

  constructor(message: string, rows?: readonly number[]) {
    super(message);
    this.rows = rows;
  }
}

/** What the host counts, private to its agent. */
export interface HostCounts {
  reclaimedObjects: number;
  reclaimedPlaces: number;
  released: number;
}

/** See the head of the file. */
export class SmallHost implements StrategyHost {
  readonly agent: Agent;
  readonly reads: ReadTable;
  readonly agentsMax: number;
  readonly poolBase: WordIndex;
  readonly lockCount: number = LOCKS;
  readonly lockBase: WordIndex;
  readonly lockStride: number;
  readonly zspageBase: WordIndex;
  readonly zspageStride: number;
  readonly agentBase: WordIndex;
  readonly agentStride: number;
  readonly pageBase: WordIndex;
  readonly indexBits: number = INDEX_BITS;
  readonly zspagesMax: number = ZSPAGES;
  readonly counts: HostCounts = { reclaimedObjects: 0, reclaimedPlaces: 0, released: 0 };
  readonly plan: SmallPlan;

  constructor(plan: SmallPlan, agent: Agent) {
    this.plan = plan;
    this.agent = agent;
    this.agentsMax = plan.agentsMax;
    this.poolBase = plan.poolBase;
    this.lockBase = plan.lockBase;
    this.lockStride = plan.lockStride;
    this.zspageBase = plan.zspageBase;
    this.zspageStride = plan.zspageStride;
    this.agentBase = plan.agentBase;
    this.agentStride = plan.agentStride;
    this.pageBase = plan.pageBase;
    const lookup = plan.readsBase + agent.index * plan.readsStride;
    this.reads = new ReadTable(agent, {
      alarm: plan.alarm,
      disturbed: plan.alarm + 1,
      lookup,
      reads: lookup + 1,
      readsCount: plan.readsStride - 1,
      grow: () => {
        throw new Violation(`more than ${plan.readsStride - 1} reads of one agent are open`);
      },
    });
  }

  isLocation(cellValue: number): boolean {
    return cellValue > 0 && cellValue < CELL_RETIRED;
  }

  zspageOf(location: Location): ZspageIndex {
    return this.agent.words[this.pageBase + 2 * (location >>> INDEX_BITS)]! >>> 9;
  }

  classOf(location: Location): number {
    const owner = this.agent.words[this.pageBase + 2 * (location >>> INDEX_BITS)]!;
    return owner === 0 ? -1 : owner & 0x1ff;
  }

  indexOf(location: Location): number {
    return location & ((1 << INDEX_BITS) - 1);
  }

  slotAt(zspage: ZspageIndex, index: number): Location {
    return (zspage << INDEX_BITS) | index;
  }

  spareWord(location: Location): WordIndex {
    return slotWord(this.plan, location) + SLOT.spare;
  }

  slotsInUse(zspage: ZspageIndex): number {
    let used = 0;
    for (let index = 0; index < SLOTS_PER_ZSPAGE; index++) {
      if (this.agent.words[stateWord(this.plan, this.slotAt(zspage, index))] !== FREE) used++;
    }
    return used;
  }

  slotBytes(classIndex: number): number {
    return classIndex === 2 ? 4096 : SLOT_WORDS * 4;
  }

  reclaimObject(location: Location): void {
    const { words } = this.agent;
    this.counts.reclaimedObjects++;
    const header = words[slotWord(this.plan, location) + SLOT.header]!;
    this.takeBack(location, 'an object');
    // Atomic: readers may look at the cell. It names nothing from here on.
    Atomics.store(words, this.plan.cellBase + header, CELL_FREE);
  }

  reclaimPlace(location: Location): void {
    this.counts.reclaimedPlaces++;
    this.takeBack(location, 'the old place of an object');
  }

  reclaimPage(): void {
    throw new Violation('a page was reclaimed although none was retired');
  }

  releaseReclaimed(): void {
    this.counts.released++;
  }

  /** The class counter is changed too: two agents that reclaim in one class at once race on it. */
  private takeBack(location: Location, what: string): void {
    const { words } = this.agent;
    const { plan } = this;
    const page = location >>> INDEX_BITS;
    if (page < 1 || page > ZSPAGES || this.indexOf(location) >= SLOTS_PER_ZSPAGE) {
      throw new Violation(`${what} was reclaimed at ${location}, which is no slot`);
    }
    const lock = classOfZspage(page);
    enterSection(plan, words, lock);
    const state = words[stateWord(plan, location)]!;
    if (state !== RETIRED) {
      throw new Violation(
        `${what} was reclaimed although it is ${state === LIVE ? 'in use' : 'free: it was reclaimed before'}`,
      );
    }
    words[stateWord(plan, location)] = FREE;
    const slot = slotWord(plan, location);
    words[slot + SLOT.header] = 0;
    words[slot + SLOT.first] = POISON;
    words[slot + SLOT.last] = POISON;
    words[slot + SLOT.age] = words[slot + SLOT.age]! + 1;
    leaveSection(plan, words, lock);
  }
}

/** First word of a slot. */
export function slotWord(plan: SmallPlan, location: Location): WordIndex {
  const page = location >>> INDEX_BITS;
  return plan.slotBase + (page * SLOTS_PER_ZSPAGE + (location & ((1 << INDEX_BITS) - 1))) * SLOT_WORDS;
}

/** Word with the state of a slot; guarded by its class lock. */
export function stateWord(plan: SmallPlan, location: Location): WordIndex {
  return plan.stateBase + (location >>> INDEX_BITS) * SLOTS_PER_ZSPAGE + (location & ((1 << INDEX_BITS) - 1));
}

/**
 * Begins a section: changes the first of the two counters under a structure lock, which only its holder may do. Plainly, so
 * that two agents inside at once race; and they differ while somebody is inside, so that it shows without a race detector.
 */
export function enterSection(plan: SmallPlan, words: Int32Array, lock: number): void {
  const at = plan.counterBase + 2 * lock;
  const before = words[at]!;
  if (words[at + 1] !== before) {
    throw new Violation(
      `two agents were inside ${nameLock(lock)} at once: its two counters are ${before} and ${words[at + 1]}`,
    );
  }
  words[at] = before + 1;
}

/** Ends a section. */
export function leaveSection(plan: SmallPlan, words: Int32Array, lock: number): void {
  const at = plan.counterBase + 2 * lock;
  words[at + 1] = words[at + 1]! + 1;
  if (words[at] !== words[at + 1]) throw new Violation(`two agents were inside ${nameLock(lock)} at once`);
}

/** Writes the owners of the pages, which never change. */
export function formatSmall(plan: SmallPlan, words: Int32Array): void {
  for (let zspage = 1; zspage <= ZSPAGES; zspage++) {
    words[plan.pageBase + 2 * zspage] = (zspage << 9) | classOfZspage(zspage);
  }
}
