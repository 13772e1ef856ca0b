// Data races by happens-before with vector clocks (after FastTrack), per word, per byte where accesses are narrower.
//
// Two accesses race if they touch a common byte, one writes, they are unordered, and they are not both atomic accesses
// of the same bytes: ECMA-262 calls overlapping atomics of different sizes a data race as well.

import { type Clock, joinClock } from './clock.ts';
import { WORD_BYTES } from './model-memory.ts';

/** One thread's access as the detector sees it. */
export interface Access {
  readonly thread: number;
  readonly clock: Clock;
  readonly offset: number;
  readonly size: number;
  readonly writes: boolean;
  readonly atomic: boolean;
  /** Where in the source; known only in the diagnostic replay. */
  readonly site: string;
}

/** The other side of a race. */
export interface RaceFound {
  readonly thread: number;
  readonly offset: number;
  readonly writes: boolean;
  readonly atomic: boolean;
  readonly site: string;
}

// A cell keeps one row per kind of access, and in each row one mark per thread: that thread's own clock entry at its
// latest such access. Thread t has seen q's access exactly if the mark does not exceed entry q of t's clock.
const PLAIN_READ = 0;
const PLAIN_WRITE = 1;
const ATOMIC_READ = 2;
const ATOMIC_WRITE = 3;
const SHAPE = 4;
const ROWS = 5;

class Cell {
  readonly marks: number[];
  sites: string[] | null = null;
  /** What an atomic read of the same bytes synchronises with. */
  released: Clock | null = null;
  releasedSize = 0;

  constructor(threadCount: number) {
    this.marks = new Array<number>(ROWS * threadCount).fill(0);
  }

  copyFrom(other: Cell): void {
    for (let i = 0; i < this.marks.length; i++) this.marks[i] = other.marks[i]!;
    this.sites = other.sites === null ? null : other.sites.slice();
    this.released = other.released;
    this.releasedSize = other.releasedSize;
  }

  reset(): void {
    this.marks.fill(0);
    this.sites = null;
    this.released = null;
  }
}

/** The four bytes of a word: one cell while all accesses are whole words, four cells after a narrower one. */
class WordCells {
  execution = 0;
  isSplit = false;
  readonly whole: Cell;
  bytes: Cell[] | null = null;

  constructor(threadCount: number) {
    this.whole = new Cell(threadCount);
  }
}

export class RaceDetector {
  readonly #threadCount: number;
  readonly #words: (WordCells | undefined)[];
  #execution = 0;

  constructor(threadCount: number, byteLength: number) {
    this.#threadCount = threadCount;
    this.#words = new Array<WordCells | undefined>(byteLength / WORD_BYTES).fill(undefined);
  }

  /** Forgets all accesses. Cells are reset when first touched, so this costs nothing for untouched memory. */
  beginExecution(): void {
    this.#execution++;
  }

  /** Checks an access against all earlier ones and remembers it. */
  check(access: Access): RaceFound | null {
    let found: RaceFound | null = null;
    const end = access.offset + access.size;
    for (let offset = access.offset; offset < end;) {
      const word = this.#wordAt(offset);
      const isWhole = offset % WORD_BYTES === 0 && end - offset >= WORD_BYTES;
      if (isWhole && !word.isSplit) {
        found ??= this.#checkCell(word.whole, access, offset);
        offset += WORD_BYTES;
      } else {
        found ??= this.#checkCell(this.#split(word)[offset % WORD_BYTES]!, access, offset);
        offset++;
      }
    }
    return found;
  }

  /** An atomic write of these bytes publishes the writer's clock. */
  release(offset: number, size: number, clock: Clock): void {
    const cell = this.#cellAt(offset, size);
    cell.released = clock.slice();
    cell.releasedSize = size;
  }

  /** An atomic read of these bytes learns what the write it reads from had published. */
  acquire(offset: number, size: number, clock: Clock): void {
    const cell = this.#cellAt(offset, size);
    if (cell.released !== null && cell.releasedSize === size) joinClock(clock, cell.released);
  }

  #checkCell(cell: Cell, access: Access, offset: number): RaceFound | null {
    const { marks } = cell;
    const { thread, clock, writes, atomic } = access;
    const n = this.#threadCount;
    const shape = access.offset * 16 + access.size;
    let found: RaceFound | null = null;
    for (let q = 0; q < n && found === null; q++) {
      if (q === thread) continue;
      const seen = clock[q]!;
      const mayClash = !atomic || marks[SHAPE * n + q] !== shape;
      let row = -1;
      if (marks[PLAIN_WRITE * n + q]! > seen) row = PLAIN_WRITE;
      else if (writes && marks[PLAIN_READ * n + q]! > seen) row = PLAIN_READ;
      else if (mayClash && marks[ATOMIC_WRITE * n + q]! > seen) row = ATOMIC_WRITE;
      else if (mayClash && writes && marks[ATOMIC_READ * n + q]! > seen) row = ATOMIC_READ;
      if (row >= 0) found = describe(row, q, offset, cell.sites?.[row * n + q] ?? '');
    }
    const row = (atomic ? ATOMIC_READ : PLAIN_READ) + (writes ? 1 : 0);
    marks[row * n + thread] = clock[thread]!;
    if (atomic) marks[SHAPE * n + thread] = shape;
    if (access.site !== '') (cell.sites ??= [])[row * n + thread] = access.site;
    return found;
  }

  #wordAt(offset: number): WordCells {
    const index = Math.floor(offset / WORD_BYTES);
    const word = (this.#words[index] ??= new WordCells(this.#threadCount));
    if (word.execution !== this.#execution) {
      word.execution = this.#execution;
      word.isSplit = false;
      word.whole.reset();
    }
    return word;
  }

  #cellAt(offset: number, size: number): Cell {
    const word = this.#wordAt(offset);
    return size >= WORD_BYTES && !word.isSplit ? word.whole : this.#split(word)[offset % WORD_BYTES]!;
  }

  #split(word: WordCells): Cell[] {
    const bytes = (word.bytes ??= Array.from({ length: WORD_BYTES }, () => new Cell(this.#threadCount)));
    if (!word.isSplit) {
      word.isSplit = true;
      for (const cell of bytes) cell.copyFrom(word.whole);
    }
    return bytes;
  }
}

function describe(row: number, thread: number, offset: number, site: string): RaceFound {
  const writes = row === PLAIN_WRITE || row === ATOMIC_WRITE;
  return { thread, offset, writes, atomic: row === ATOMIC_READ || row === ATOMIC_WRITE, site };
}
