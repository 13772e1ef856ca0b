// The table that all workers share, as zram's: for each slot its owner, the handle of its object and what it holds.
//
// RULES
//   1. Whoever turns `lock` from 0 to 1 owns the slot until it stores 0. Nobody waits: a taken slot is passed by.
//   2. Handle and page are read and written by the owner only, plainly.
//
// The lock is the harness's own cost, two Atomics calls an operation; the "harness" rows of the report contain it too.

const SLOT_WORDS = 4;
const LOCK = 0;
const HANDLE = 1;
/** Number of the page of the data set plus 1; 0 when the slot is empty. */
const PAGE = 2;

/** One agent's view of the slots. */
export class SlotTable {
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.count = this.#words.length / SLOT_WORDS;
  }

  static create(count: number): SlotTable {
    return new SlotTable(new SharedArrayBuffer(count * SLOT_WORDS * 4));
  }

  tryLock(slot: number): boolean {
    // order: acquire, pairs with unlock. The owner sees the handle that the last owner wrote.
    return Atomics.compareExchange(this.#words, slot * SLOT_WORDS + LOCK, 0, 1) === 0;
  }

  unlock(slot: number): void {
    // order: release, pairs with tryLock.
    Atomics.store(this.#words, slot * SLOT_WORDS + LOCK, 0);
  }

  /** Caller holds: the slot. */
  handleOf(slot: number): number {
    return this.#words[slot * SLOT_WORDS + HANDLE]!;
  }

  /** Page that the slot holds, or -1. Without the slot's lock it is a hint. */
  pageOf(slot: number): number {
    return this.#words[slot * SLOT_WORDS + PAGE]! - 1;
  }

  /** Caller holds: the slot. */
  set(slot: number, handle: number, page: number): void {
    this.#words[slot * SLOT_WORDS + HANDLE] = handle;
    this.#words[slot * SLOT_WORDS + PAGE] = page + 1;
  }

  isLocked(slot: number): boolean {
    // order: acquire, pairs with unlock. For checks when all workers are done.
    return Atomics.load(this.#words, slot * SLOT_WORDS + LOCK) !== 0;
  }
}
