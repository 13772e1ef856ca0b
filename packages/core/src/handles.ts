// Handles and their cells: what a user holds, and the word that says where the object is now.
//
// A handle is (generation << cellBits | cell number) XOR the pool's key. While an object lives, its generation stands in
// its header; while a cell is free, in the cell. So a stale, freed or doubled handle disagrees with what it finds, and so
// does nearly every forged or foreign one. A stale handle is told from its successor until its cell has been reused
// 2^(30 - cellBits) times; cells are reused first-in first-out to make that far away.
//
// RULES
//   1. Each class keeps some free cells at hand under its own lock, so that malloc and free need no other lock.
//   2. The pool's stock of free cells, and fresh cells, are under the handles lock, which nests inside a class lock.
//   3. A page of cells is never given back: a stale handle must find a cell.

import { ZsmallocError } from './errors.ts';
import { expectInvariant, stepOf } from './invariant.ts';
import { HANDLE_BITS, LOCATION_BITS } from './layout/plan.ts';
import { CLASS, HEADER } from './layout/records.ts';
import type { PageAllocator } from './pages.ts';
import type { PoolState } from './state.ts';
import type { WordIndex, Words } from './words/agent.ts';

const { cellFresh, cellFreeHead, cellFreeCount, cellPages } = HEADER.at;
const { cellHead, cellTail, cellCount } = CLASS.at;

/** Tag of a free cell. */
export const CELL_FREE: number = 1 << HANDLE_BITS;
/** Tag of a retired cell. */
export const CELL_RETIRED: number = 1 << LOCATION_BITS;
/** All bits of a handle. */
export const HANDLE_MASK: number = 2 ** HANDLE_BITS - 1;

/** Cells that a class takes from the stock at once: amortises the handles lock to a 32nd. */
const REFILL_CELLS = 32;
/** Cells that a class keeps at most; beyond, half of them go back to the stock. */
export const KEEP_CELLS_MAX = 128;

/** True when a cell's value is the location of a live object. */
export function isLocation(cellValue: number): boolean {
  return cellValue > 0 && cellValue < CELL_RETIRED;
}

/** See the head of the file. "Raw" is a handle without the pool's key. */
export class HandleTable {
  readonly cellMask: number;
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly pages: PageAllocator;
  private readonly key: number;
  private readonly cellBits: number;
  private readonly generationMask: number;
  private readonly cellsPerPageBits: number;
  private readonly inPageMask: number;
  private readonly pageWords: number;
  private readonly directoryBase: WordIndex;
  private readonly cellsMax: number;

  constructor(state: PoolState, pages: PageAllocator) {
    const { plan } = state;
    this.state = state;
    this.words = state.words;
    this.pages = pages;
    this.key = state.key;
    this.cellBits = plan.cellBits;
    this.cellMask = (1 << plan.cellBits) - 1;
    this.generationMask = (1 << (HANDLE_BITS - plan.cellBits)) - 1;
    this.cellsPerPageBits = plan.pageShift - 2;
    this.inPageMask = plan.pageWords - 1;
    this.pageWords = plan.pageWords;
    this.directoryBase = plan.directoryBase;
    this.cellsMax = plan.cellsMax;
  }

  /** Checks a handle's form and takes the key off. @throws ERR_ZS_BAD_HANDLE. */
  rawOf(handle: number): number {
    if ((handle | 0) !== handle || handle <= 0 || handle > HANDLE_MASK) throw this.badHandle(handle);
    return handle ^ this.key;
  }

  handleOf(raw: number): number {
    return raw ^ this.key;
  }

  /** Word of a raw handle's cell; 0 when there is no such cell. */
  cellOf(raw: number): WordIndex {
    const cell = raw & this.cellMask;
    // Plain: a page of cells is entered before its first handle exists. A forged handle may see a stale 0: no such cell.
    const page = this.words[this.directoryBase + (cell >>> this.cellsPerPageBits)]!;
    return page === 0 ? 0 : page * this.pageWords + (cell & this.inPageMask);
  }

  /** Word of a cell that exists. */
  cellWord(cell: number): WordIndex {
    const page = this.words[this.directoryBase + (cell >>> this.cellsPerPageBits)]!;
    return page * this.pageWords + (cell & this.inPageMask);
  }

  /** Raw handle that the next `take` returns. Caller holds: the class lock, and there is a cell at hand. */
  first(base: WordIndex): number {
    const cell = this.words[base + cellHead]!;
    return (this.words[this.cellWord(cell)]! & HANDLE_MASK & ~this.cellMask) | cell;
  }

  /** Takes a cell at hand; there must be one. Returns the raw handle of its next use. Caller holds: the class lock. */
  take(base: WordIndex): number {
    const { words } = this;
    const cell = words[base + cellHead]!;
    const value = words[this.cellWord(cell)]!;
    const following = value & this.cellMask;
    words[base + cellHead] = following;
    if (following === 0) words[base + cellTail] = 0;
    words[base + cellCount]! -= 1;
    return (value & HANDLE_MASK & ~this.cellMask) | cell;
  }

  /** Frees a cell: the handle dies here. Caller holds: the class lock. */
  put(base: WordIndex, raw: number): void {
    const { words } = this;
    const cell = raw & this.cellMask;
    // Plain: whoever still looks at the cell does so by mistake, and finds either value.
    words[this.cellWord(cell)] = this.freeValueAfter(raw);
    this.append(base, cell);
    if (words[base + cellCount]! > KEEP_CELLS_MAX) this.giveBack(base, KEEP_CELLS_MAX / 2);
  }

  /**
   * Gets the class more free cells; false when no page can be had for them that leaves `spare` pages free. Caller holds:
   * the class lock. May wait.
   */
  refill(base: WordIndex, spare: number): boolean {
    const { words, state } = this;
    const lock = state.plan.handlesLock;
    state.strategy.lock(lock);
    try {
      const taken = Math.min(REFILL_CELLS, words[cellFreeCount]!);
      if (taken > 0) this.moveCells(cellFreeHead, base + cellHead, taken);
      else this.carve(base, spare);
    } finally {
      state.strategy.unlock(lock);
    }
    return words[base + cellCount]! > 0;
  }

  /** Gives free cells of a class back to the stock, unless the stock is locked just now. Caller holds: the class lock. */
  giveBack(base: WordIndex, cells: number): void {
    const lock = this.state.plan.handlesLock;
    if (!this.state.strategy.tryLock(lock)) return;
    this.moveCells(base + cellHead, cellFreeHead, Math.min(cells, this.words[base + cellCount]!));
    this.state.strategy.unlock(lock);
  }

  /** Value of a raw handle's cell once the handle is dead, linked to none. */
  freeValueAfter(raw: number): number {
    return CELL_FREE | ((((raw >>> this.cellBits) + 1) & this.generationMask) << this.cellBits);
  }

  /**
   * Makes a list of free cells, whose three words may disagree after a death, what can be reached from its head, and
   * returns its cells. Caller holds: the lock of the list.
   *
   * @throws ERR_ZS_CORRUPT when it leads to itself.
   */
  mendList(list: WordIndex): Set<number> {
    const { words } = this;
    const cells = new Set<number>();
    let last = 0;
    for (let cell = words[list]!; cell !== 0;) {
      const word = this.cellOf(cell & this.cellMask);
      if (word === 0 || (words[word]! & CELL_FREE) === 0) break;
      expectInvariant(!cells.has(cell), 'lists-bounded', 'a list of free cells that leads to itself, cell', cell);
      cells.add(cell);
      last = cell;
      cell = words[word]! & this.cellMask;
    }
    if (last === 0) words[list] = 0;
    else words[this.cellWord(last)]! &= ~this.cellMask;
    words[list + 1] = last;
    words[list + 2] = cells.size;
    return cells;
  }

  badHandle(handle: unknown): ZsmallocError {
    return new ZsmallocError(
      'ERR_ZS_BAD_HANDLE',
      `cannot use handle ${String(handle)}: no live object of this pool has it. It was freed, comes from another pool, or was never given out; use each handle until its free and not after.`,
      { handle: typeof handle === 'number' ? handle : String(handle) },
    );
  }

  /** Fresh cells, in ascending order, entering a new page of cells where need be. Caller holds: class and handles lock. */
  private carve(base: WordIndex, spare: number): void {
    const { words } = this;
    for (let i = 0; i < REFILL_CELLS; i++) {
      const cell = words[cellFresh]!;
      if (cell > this.cellsMax) return;
      // A page of cells is never given back: none is taken while the class has a cell.
      if (this.cellOf(cell) === 0 && (words[base + cellCount]! > 0 || !this.enterPage(cell, spare))) return;
      words[cellFresh] = cell + 1;
      // The one cell whose first handle could be 0.
      if (cell === (this.key & this.cellMask)) continue;
      words[this.cellWord(cell)] = CELL_FREE;
      this.append(base, cell);
    }
  }

  /** Adds a free cell, which links to none, to the end of a class's list. */
  append(base: WordIndex, cell: number): void {
    const { words } = this;
    const tail = words[base + cellTail]!;
    if (tail === 0) words[base + cellHead] = cell;
    else words[this.cellWord(tail)]! += cell;
    words[base + cellTail] = cell;
    words[base + cellCount]! += 1;
  }

  private enterPage(cell: number, spare: number): boolean {
    const page = this.pages.takePage(spare);
    if (page === 0) return false;
    this.words.fill(0, page * this.pageWords, (page + 1) * this.pageWords);
    // order: release, pairs with cellOf. Whoever finds the page finds its cells empty.
    Atomics.store(this.words, this.directoryBase + (cell >>> this.cellsPerPageBits), page);
    this.words[cellPages]! += 1;
    return true;
  }

  /** Moves cells from the head of one list to the tail of another. A list is three words: head, tail, count. */
  private moveCells(from: WordIndex, to: WordIndex, cells: number): void {
    const { words } = this;
    if (cells === 0) return;
    const first = words[from]!;
    let last = first;
    for (let i = 1; i < cells; i++) {
      stepOf(last === 0 ? 0 : this.cellsMax - i, 'a list of free cells with', last);
      last = words[this.cellWord(last)]! & this.cellMask;
    }
    const lastWord = this.cellWord(last);
    const rest = words[lastWord]! & this.cellMask;
    words[lastWord]! -= rest;
    words[from] = rest;
    if (rest === 0) words[from + 1] = 0;
    words[from + 2]! -= cells;
    if (words[to + 1] === 0) words[to] = first;
    else words[this.cellWord(words[to + 1]!)]! += first;
    words[to + 1] = last;
    words[to + 2]! += cells;
  }
}
