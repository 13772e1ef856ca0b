// The operations of a replay, as zram's clients do them: read, write to an empty slot, overwrite, discard.
//
// MIX (of 100)   64 reads   24 writes (stores where the slot is empty, overwrites where not)   12 discards
//   Writes fill a slot 24 (1 - f) times and discards empty it 12 f times, so the share of full slots f settles at 2/3.
//
// RULES
//   1. A write stores the new object before it locks the slot, and frees the old one after: as zram does, an overwrite
//      needs room for both.
//   2. A slot is locked during its read, checksum included: as zram holds it during decompression.
//   3. What needs no pool (same-filled pages, empty slots) is counted apart and is no operation.

import { CheckError } from './checks.ts';
import { checksumParts } from './checksum.ts';
import type { Dataset } from './dataset.ts';
import type { ReplayPool } from './null-pool.ts';
import type { Random } from './random.ts';
import type { SlotTable } from './slot-table.ts';

/** Kinds of operation. */
export const OPERATION = { read: 0, store: 1, overwrite: 2, free: 3 } as const;

const READS_OF_100 = 64;
const WRITES_OF_100 = 24;

/** One worker's operations. */
export class ReplaySteps {
  /** Writes that found the pool full. */
  refused = 0;
  /** Steps that needed no pool. */
  withoutPool = 0;
  /** Times a slot was taken by another worker. */
  slotsTaken = 0;
  readonly #pool: ReplayPool;
  readonly #words: Int32Array;
  readonly #slots: SlotTable;
  readonly #dataset: Dataset;
  readonly #random: Random;

  constructor(pool: ReplayPool, slots: SlotTable, dataset: Dataset, random: Random) {
    this.#pool = pool;
    this.#words = new Int32Array(pool.bytes.buffer);
    this.#slots = slots;
    this.#dataset = dataset;
    this.#random = random;
  }

  /** Does one step; returns its OPERATION, or -1 when it needed no pool. */
  step(): number {
    const dice = this.#random.below(100);
    if (dice < READS_OF_100) return this.#read();
    if (dice < READS_OF_100 + WRITES_OF_100) return this.#write();
    return this.#discard();
  }

  /** Locks a random slot that looks full, and returns it. */
  #lockFull(): number {
    const { count } = this.#slots;
    let slot = this.#random.below(count);
    for (;;) {
      if (this.#slots.pageOf(slot) >= 0) {
        if (this.#slots.tryOwn(slot)) {
          if (this.#slots.pageOf(slot) >= 0) return slot;
          this.#slots.disown(slot);
        } else {
          this.slotsTaken++;
        }
      }
      slot = slot + 1 === count ? 0 : slot + 1;
    }
  }

  #read(): number {
    const slot = this.#lockFull();
    const page = this.#slots.pageOf(slot);
    if (this.#dataset.isSame(page)) {
      this.#slots.disown(slot);
      this.withoutPool++;
      return -1;
    }
    const pool = this.#pool;
    const offset = pool.readBegin(this.#slots.handleOf(slot));
    const { readLength: length, readFirstBytes: first } = pool;
    const sum = checksumParts(pool.bytes, this.#words, offset, first, pool.readSecondOffset, length - first);
    pool.readEnd(offset);
    this.#slots.disown(slot);
    if (sum !== this.#dataset.checksumOf(page) || length !== this.#dataset.lengthOf(page)) {
      throw new CheckError(`read of slot ${slot}: ${length} bytes with checksum ${sum} are not page ${page}.`);
    }
    return OPERATION.read;
  }

  /** Stores a random page and returns its handle; 0 when it needs no object, -1 when the pool is full. */
  #storeObject(page: number): number {
    if (this.#dataset.isSame(page)) return 0;
    const handle = this.#pool.tryMalloc(this.#dataset.lengthOf(page));
    if (handle === 0) return -1;
    this.#pool.write(handle, this.#dataset.objects[page]!);
    return handle;
  }

  #write(): number {
    const page = this.#random.below(this.#dataset.count);
    const handle = this.#storeObject(page);
    if (handle < 0) {
      this.refused++;
      return -1;
    }
    let slot = this.#random.below(this.#slots.count);
    while (!this.#slots.tryOwn(slot)) {
      this.slotsTaken++;
      slot = slot + 1 === this.#slots.count ? 0 : slot + 1;
    }
    const old = this.#slots.handleOf(slot);
    if (old !== 0) this.#pool.free(old);
    this.#slots.setPage(slot, handle, page);
    this.#slots.disown(slot);
    if (handle === 0 && old === 0) {
      this.withoutPool++;
      return -1;
    }
    if (handle === 0) return OPERATION.free;
    return old === 0 ? OPERATION.store : OPERATION.overwrite;
  }

  #discard(): number {
    const slot = this.#lockFull();
    const handle = this.#slots.handleOf(slot);
    if (handle !== 0) this.#pool.free(handle);
    this.#slots.setPage(slot, 0, -1);
    this.#slots.disown(slot);
    if (handle !== 0) return OPERATION.free;
    this.withoutPool++;
    return -1;
  }

  /** Fills about two thirds of the slots, before any worker starts. Returns the bytes stored. */
  fill(): number {
    let bytes = 0;
    for (let slot = 0; slot < this.#slots.count; slot++) {
      if (this.#random.below(3) === 2) continue;
      const page = this.#random.below(this.#dataset.count);
      const handle = this.#storeObject(page);
      if (handle < 0) throw new CheckError('the pool of the replay is too small for its data: the first fill failed.');
      this.#slots.setPage(slot, handle, page);
      bytes += this.#dataset.lengthOf(page);
    }
    return bytes;
  }
}
