// Where workers keep their objects: records in shared memory, so that any agent can find, verify and free them, and the
// main agent can at the end.
//
// RULES
//   1. Whoever turns a record's owner word from 0 to 1 owns the record until it stores 0; nobody waits.
//   2. A workload may also give whole ranges of records to one agent, by a record's owner word or by its own words.
//   3. Handle, size and stamp are touched by the owner only, plainly.

const RECORD_WORDS = 4;
const OWNER = 0;
const HANDLE = 1;
const SIZE = 2;
const STAMP = 3;

/** An object that a record names. */
export interface ObjectRecord {
  readonly handle: number;
  readonly sizeBytes: number;
  readonly stamp: number;
}

/** One agent's view of the records. */
export class ObjectTable {
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.count = this.#words.length / RECORD_WORDS;
  }

  static create(records: number): ObjectTable {
    return new ObjectTable(new SharedArrayBuffer(records * RECORD_WORDS * 4));
  }

  tryOwn(record: number): boolean {
    // order: acquire, pairs with disown. The owner sees what the last owner wrote.
    return Atomics.compareExchange(this.#words, record * RECORD_WORDS + OWNER, 0, 1) === 0;
  }

  disown(record: number): void {
    // order: release, pairs with tryOwn.
    Atomics.store(this.#words, record * RECORD_WORDS + OWNER, 0);
  }

  isOwned(record: number): boolean {
    // order: acquire, pairs with disown. For checks when all workers are done.
    return Atomics.load(this.#words, record * RECORD_WORDS + OWNER) !== 0;
  }

  /** 0 where there is no object. Caller holds: the record. */
  handleOf(record: number): number {
    return this.#words[record * RECORD_WORDS + HANDLE]!;
  }

  /** Caller holds: the record. */
  sizeOf(record: number): number {
    return this.#words[record * RECORD_WORDS + SIZE]!;
  }

  /** Caller holds: the record. */
  stampOf(record: number): number {
    return this.#words[record * RECORD_WORDS + STAMP]!;
  }

  /** Caller holds: the record. */
  set(record: number, handle: number, sizeBytes: number, stamp: number): void {
    const at = record * RECORD_WORDS;
    this.#words[at + HANDLE] = handle;
    this.#words[at + SIZE] = sizeBytes;
    this.#words[at + STAMP] = stamp;
  }

  /** Caller holds: the record. */
  clear(record: number): void {
    this.#words[record * RECORD_WORDS + HANDLE] = 0;
  }

  /** Caller holds: both records. */
  swap(left: number, right: number): void {
    for (let word = HANDLE; word < RECORD_WORDS; word++) {
      const kept = this.#words[left * RECORD_WORDS + word]!;
      this.#words[left * RECORD_WORDS + word] = this.#words[right * RECORD_WORDS + word]!;
      this.#words[right * RECORD_WORDS + word] = kept;
    }
  }

  /** Records with an object, while nobody works. */
  *objects(): Generator<number> {
    for (let record = 0; record < this.count; record++) if (this.handleOf(record) !== 0) yield record;
  }
}
