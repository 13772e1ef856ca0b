// The pool-wide half of verify(): every cell, page and zspage record is free, in use, or was never used; none is two of these.

import { CELL_FREE } from './handles.ts';
import type { HandleTable } from './handles.ts';
import { expectInvariant, stepOf } from './invariant.ts';
import { CLASS, HEADER, PAGE, ZSPAGE } from './layout/records.ts';
import { inHand } from './recovery/survey.ts';
import type { InHand } from './recovery/survey.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { ZspageIndex } from './strategy/contract.ts';
import type { Words } from './words/agent.ts';

const { owner: pageOwner, link } = PAGE.at;
const { next } = ZSPAGE.at;

/** What a walk over all classes has found in use. */
export interface Seen {
  /** Owner of each page. */
  readonly pageOwners: Map<number, number>;
  readonly zspages: Set<ZspageIndex>;
  readonly cells: Set<number>;
}

export function nothingSeen(): Seen {
  return { pageOwners: new Map(), zspages: new Set(), cells: new Set() };
}

/** See the head of the file. */
export class Accounts {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly seen: Seen;
  private readonly hands: InHand;

  constructor(state: PoolState, handles: HandleTable, seen: Seen) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.seen = seen;
    this.hands = inHand(state);
    for (const zspage of this.hands.zspages) this.seen.zspages.add(zspage);
  }

  /** @throws ERR_ZS_CORRUPT. Caller holds: every lock. */
  check(): void {
    this.checkCells();
    this.checkPages();
    this.checkRecords();
    this.checkReserved();
  }

  /** What was never used begins inside the tables: the walks below end there. */
  checkFresh(): void {
    const { words, state } = this;
    const isBelow = (field: number, least: number, most: number): boolean =>
      words[field]! >= least && words[field]! <= most;
    const { firstPage, pages, cellsMax } = state.plan;
    const { pageFresh, zspageFresh, cellFresh } = HEADER.at;
    expectInvariant(isBelow(pageFresh, firstPage, pages), 'pages-accounted', 'fresh', words[pageFresh]!);
    expectInvariant(isBelow(zspageFresh, 1, pages + 1), 'records-accounted', 'fresh', words[zspageFresh]!);
    expectInvariant(isBelow(cellFresh, 1, cellsMax + 1), 'cells-accounted', 'fresh', words[cellFresh]!);
  }

  private checkCells(): void {
    const { words } = this;
    const free = new Set<number>();
    const walk = (head: number, tail: number, count: number, where: string): void => {
      let last = 0;
      let found = 0;
      for (let cell = words[head]!; cell !== 0; found++) {
        const value = words[this.handles.cellWord(cell)]!;
        expectInvariant(
          (value & CELL_FREE) !== 0 && !free.has(cell),
          'cells-accounted',
          `a used or repeated cell in ${where}`,
          cell,
        );
        free.add(cell);
        last = cell;
        cell = value & this.handles.cellMask;
      }
      expectInvariant(
        words[tail] === last && words[count] === found,
        'cells-accounted',
        `tail or count of ${where}`,
        last,
      );
    };
    walk(HEADER.at.cellFreeHead, HEADER.at.cellFreeTail, HEADER.at.cellFreeCount, 'the stock');
    for (let ordinal = 0; ordinal < this.state.plan.shape.classes.length; ordinal++) {
      const base = this.state.classWord(ordinal);
      walk(base + CLASS.at.cellHead, base + CLASS.at.cellTail, base + CLASS.at.cellCount, `class ${ordinal}`);
    }
    const fresh = words[HEADER.at.cellFresh]!;
    const skipped = this.state.key & this.handles.cellMask;
    for (let cell = 1; cell < fresh; cell++) {
      const accounted = free.has(cell) !== this.seen.cells.has(cell);
      expectInvariant(
        accounted || cell === skipped,
        'cells-accounted',
        'a cell that is neither free nor used, or both',
        cell,
      );
    }
  }

  private checkPages(): void {
    const { words } = this;
    const { plan } = this.state;
    const fresh = words[HEADER.at.pageFresh]!;
    const free = new Set<number>();
    for (let page = words[HEADER.at.pageFreeHead]!; page !== 0; page = words[this.state.pageWord(page) + link]!) {
      const sound =
        !free.has(page) && !this.seen.pageOwners.has(page) && words[this.state.pageWord(page) + pageOwner] === 0;
      expectInvariant(sound, 'pages-accounted', 'a free page that is owned or listed twice', page);
      free.add(page);
    }
    expectInvariant(words[HEADER.at.pageFreeCount] === free.size, 'pages-accounted', 'the free page count', free.size);
    let inHandOnly = 0;
    for (const page of this.hands.pages) {
      const isNowhereElse = !free.has(page) && !this.seen.pageOwners.has(page);
      expectInvariant(isNowhereElse, 'pages-accounted', 'a page in the hands of an agent and in a list', page);
      inHandOnly++;
    }
    const used = this.seen.pageOwners.size + words[HEADER.at.cellPages]! + this.retiredPages(fresh);
    const known = free.size + used + inHandOnly + this.pagesOfEmpty();
    expectInvariant(
      plan.firstPage + known === fresh,
      'pages-accounted',
      `${known} pages known of ${fresh - plan.firstPage}, fresh`,
      fresh,
    );
  }

  /** Pages of zspages that agents have taken from their class and not given back yet. */
  private pagesOfEmpty(): number {
    let count = 0;
    for (let page = this.state.plan.firstPage; page < this.words[HEADER.at.pageFresh]!; page++) {
      if (this.hands.zspages.has(this.words[this.state.pageWord(page) + pageOwner]! >>> OWNER_SHIFT)) count++;
    }
    return count;
  }

  /** Pages whose content has moved and that wait for readers: they keep their owner, at most one for each zspage. */
  private retiredPages(fresh: number): number {
    if (!this.state.definition.capabilities.relocatesBesideReaders) return 0;
    const owners = new Set<ZspageIndex>();
    for (let page = this.state.plan.firstPage; page < fresh; page++) {
      const zspage = this.words[this.state.pageWord(page) + pageOwner]! >>> OWNER_SHIFT;
      if (zspage === 0 || this.seen.pageOwners.has(page) || this.hands.zspages.has(zspage)) continue;
      expectInvariant(
        this.seen.zspages.has(zspage) && !owners.has(zspage),
        'pages-accounted',
        'a page outside the chain of its zspage',
        page,
      );
      owners.add(zspage);
    }
    return owners.size;
  }

  private checkRecords(): void {
    const { words } = this;
    let free = 0;
    let steps = this.state.plan.pages;
    for (let z = words[HEADER.at.zspageFreeHead]!; z !== 0; z = words[this.state.zspageWord(z) + next]!) {
      steps = stepOf(steps, 'the list of free records with', z);
      expectInvariant(!this.seen.zspages.has(z), 'records-accounted', 'a free record on a list', z);
      free++;
    }
    const { size } = this.seen.zspages;
    expectInvariant(words[HEADER.at.zspageCount] === size, 'records-accounted', 'zspages counted', size);
    expectInvariant(
      words[HEADER.at.zspageFresh]! - 1 === free + size,
      'records-accounted',
      'records in all',
      free + size,
    );
  }

  private checkReserved(): void {
    for (const [name, field] of Object.entries(HEADER.fields)) {
      if (!name.startsWith('reserved')) continue;
      const at = HEADER.at[name as keyof typeof HEADER.at];
      for (let i = 0; i < field.words; i++) expectInvariant(this.words[at + i] === 0, 'reserved-zero', name, at + i);
    }
  }
}
