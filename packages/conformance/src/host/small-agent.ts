// One agent of a small pool: core's way of using a strategy, call for call, in its smallest form.

import type { BoundStrategy, Location, Strategy } from '@zsmalloc/core/strategy';
import type { Agent, SpinBudget, Words } from '@zsmalloc/core/words';
import { CELLS, INDEX_BITS, SLOTS_PER_ZSPAGE, classOfZspage } from './plan.ts';
import type { SmallPlan } from './plan.ts';
import {
  FREE,
  enterSection,
  leaveSection,
  LIVE,
  POISON,
  RETIRED,
  SLOT,
  SmallHost,
  Violation,
  slotWord,
  stateWord,
} from './small-host.ts';

/** Never impatient: a model checker takes a waiting agent out. */
export const PATIENT: SpinBudget = { yieldAfter: Infinity, refuseAfter: Infinity };
/** Gives up at once where it may not block. */
export const HASTY: SpinBudget = { yieldAfter: 1, refuseAfter: 1 };

/** What to do inside a section. */
type Inside = () => void;

/** See the head of the file. */
export class SmallAgent {
  readonly agent: Agent;
  readonly host: SmallHost;
  readonly bound: BoundStrategy;
  readonly plan: SmallPlan;
  readonly words: Words;
  /** Objects and places that this agent has retired. */
  retired = 0;

  constructor(strategy: Strategy, plan: SmallPlan, words: Words, index: number, spin: SpinBudget = PATIENT) {
    this.plan = plan;
    this.words = words;
    this.agent = { words, index, spin, mayBlock: true };
    this.host = new SmallHost(plan, this.agent);
    this.bound = strategy.bind(this.host);
  }

  cell(number: number): number {
    return this.plan.cellBase + number;
  }

  /** A section under a structure lock. */
  section(lock: number, inside?: Inside): void {
    this.bound.lock(lock);
    this.work(lock, inside);
    this.bound.unlock(lock);
  }

  /** The same, if the lock is to be had. */
  trySection(lock: number, inside?: Inside): boolean {
    if (!this.bound.tryLock(lock)) return false;
    this.work(lock, inside);
    this.bound.unlock(lock);
    return true;
  }

  /** A section under the class lock of a cell's object; -1 when there is none. */
  sectionOf(cell: number, inside?: Inside): number {
    const lock = this.bound.lockClassOf(this.cell(cell));
    if (lock < 0) return -1;
    this.work(lock, inside);
    this.bound.unlock(lock);
    return lock;
  }

  /** Reads an object: its value, or 0 when the cell has none. */
  read(cell: number, inside?: Inside): number {
    const { bound, host } = this;
    const location = bound.readBegin(this.cell(cell));
    if (location === 0) return 0;
    const zspage = host.zspageOf(location);
    const value = this.look(cell, location, 'a reader', inside);
    bound.readEnd(zspage);
    return value;
  }

  /** Keeps an object where it is while `inside` runs: its value, or 0 when the cell has none. */
  hold(cell: number, inside?: Inside): number {
    const { bound, host } = this;
    const location = bound.holdBegin(this.cell(cell));
    if (location === 0) return 0;
    const zspage = host.zspageOf(location);
    const value = this.look(cell, location, 'a holder', inside);
    bound.holdEnd(zspage);
    return value;
  }

  /** Changes an object in place; false when the cell has none. */
  write(cell: number, value: number): boolean {
    const { bound, host, words } = this;
    const location = bound.writeBegin(this.cell(cell));
    if (location === 0) return false;
    const zspage = host.zspageOf(location);
    const slot = slotWord(this.plan, location);
    words[slot + SLOT.first] = value;
    words[slot + SLOT.last] = value;
    bound.writeEnd(zspage);
    return true;
  }

  /** Makes an object in a free slot of a class, for a cell that was never used; false when there is no free slot. */
  malloc(cell: number, classIndex: number, value: number): boolean {
    const { bound, words } = this;
    bound.lock(classIndex);
    const location = this.freeSlot(classIndex, 0);
    if (location !== 0) {
      this.fill(location, cell, value);
      Atomics.store(words, this.cell(cell), location);
    }
    this.work(classIndex);
    bound.unlock(classIndex);
    return location !== 0;
  }

  /** Frees an object; false when the cell has none. */
  free(cell: number): boolean {
    const { bound, words, plan } = this;
    const lock = bound.lockClassOf(this.cell(cell));
    if (lock < 0) return false;
    const location = words[this.cell(cell)]!;
    const state = stateWord(plan, location);
    if (words[state] !== LIVE) throw new Violation(`lockClassOf locked the class of cell ${cell}, which has no object`);
    this.work(lock);
    words[state] = RETIRED;
    this.retired++;
    bound.retireObject(this.cell(cell), location);
    bound.unlock(lock);
    return true;
  }

  /** Moves an object to another zspage of its class; false when its zspage is busy or there is no free slot. */
  move(cell: number): boolean {
    const { bound, host, words, plan } = this;
    const word = this.cell(cell);
    bound.moveBegin();
    const hint = Atomics.load(words, word);
    const classIndex = host.isLocation(hint) ? host.classOf(hint) : -1;
    if (classIndex < 0) {
      bound.moveEnd();
      return false;
    }
    bound.lock(classIndex);
    const from = words[word]!;
    const zspage = host.isLocation(from) ? host.zspageOf(from) : 0;
    const to = zspage === 0 ? 0 : this.freeSlot(classIndex, zspage);
    const moves = to !== 0 && bound.relocateBegin(zspage);
    if (moves) {
      this.fill(to, cell, 0);
      for (const at of [SLOT.first, SLOT.last]) words[slotWord(plan, to) + at] = words[slotWord(plan, from) + at]!;
      bound.publish(word, to);
      words[stateWord(plan, from)] = RETIRED;
      this.retired++;
      bound.retirePlace(from);
      bound.relocateEnd(zspage);
    }
    this.work(classIndex);
    bound.unlock(classIndex);
    bound.moveEnd();
    return moves;
  }

  /** Value of each cell's object, by cell; for when nobody else is inside. */
  contents(): Map<number, number> {
    const found = new Map<number, number>();
    for (let cell = 1; cell <= CELLS; cell++) {
      const value = this.read(cell);
      if (value !== 0) found.set(cell, value);
    }
    return found;
  }

  private work(lock: number, inside?: Inside): void {
    enterSection(this.plan, this.words, lock);
    inside?.();
    leaveSection(this.plan, this.words, lock);
  }

  private look(cell: number, location: Location, who: string, inside?: Inside): number {
    const { words, plan } = this;
    const slot = slotWord(plan, location);
    const header = words[slot + SLOT.header]!;
    if (header !== cell) throw new Violation(`${who} of cell ${cell} is led to the object of cell ${header}`);
    const first = words[slot + SLOT.first]!;
    inside?.();
    const last = words[slot + SLOT.last]!;
    if (first === POISON || last === POISON) throw new Violation(`${who} sees bytes that were reclaimed meanwhile`);
    if (first !== last) throw new Violation(`${who} sees an object that is half ${first} and half ${last}`);
    return first;
  }

  private fill(location: Location, cell: number, value: number): void {
    const { words, plan } = this;
    const slot = slotWord(plan, location);
    words[slot + SLOT.header] = cell;
    words[slot + SLOT.spare] = 8;
    words[slot + SLOT.first] = value;
    words[slot + SLOT.last] = value;
    words[stateWord(plan, location)] = LIVE;
  }

  /** A free slot of a class outside of a zspage, or 0. Caller holds: the class lock. */
  private freeSlot(classIndex: number, except: number): Location {
    for (let zspage = 1; zspage <= 3; zspage++) {
      if (classOfZspage(zspage) !== classIndex || zspage === except) continue;
      for (let index = 0; index < SLOTS_PER_ZSPAGE; index++) {
        const location = (zspage << INDEX_BITS) | index;
        if (this.words[stateWord(this.plan, location)] === FREE) return location;
      }
    }
    return 0;
  }
}
