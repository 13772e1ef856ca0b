// The steps that all patterns are made of: an object comes into a record, and goes.

import type { Random } from '../random.ts';
import type { Heap } from './heap.ts';
import type { ObjectTable } from '../object-table.ts';

/** One agent's objects. */
export class ObjectSteps {
  /** Mallocs that found no room. */
  refused = 0;
  /** Objects whose content was compared. */
  verified = 0;
  verifiedBytes = 0;
  readonly table: ObjectTable;
  readonly random: Random;
  readonly #heap: Heap;
  readonly #agent: number;
  #stamps = 0;

  constructor(heap: Heap, table: ObjectTable, random: Random, agent: number) {
    this.#heap = heap;
    this.table = table;
    this.random = random;
    this.#agent = agent;
  }

  /** Allocates an object into an empty record and fills it; returns the number of operations. Caller holds: the record. */
  put(record: number, sizeBytes: number): number {
    const handle = this.#heap.malloc(sizeBytes);
    if (handle === 0) {
      this.refused++;
      return 0;
    }
    // Unlike any other object's: the count in the upper bits, the agent below.
    const stamp = (++this.#stamps << 8) | this.#agent | 0;
    this.#heap.fill(handle, sizeBytes, stamp);
    this.table.set(record, handle, sizeBytes, stamp);
    return 1;
  }

  /** Writes new content over the object of a record. Caller holds: the record. */
  refill(record: number): number {
    const { table } = this;
    const stamp = (++this.#stamps << 8) | this.#agent | 0;
    const [handle, sizeBytes] = [table.handleOf(record), table.sizeOf(record)];
    this.#heap.fill(handle, sizeBytes, stamp);
    table.set(record, handle, sizeBytes, stamp);
    return 1;
  }

  /** Verifies the object of a record. Caller holds: the record. */
  verify(record: number): void {
    const { table } = this;
    this.#heap.verify(table.handleOf(record), table.sizeOf(record), table.stampOf(record));
    this.verified++;
    this.verifiedBytes += table.sizeOf(record);
  }

  /** Verifies the object of a record and frees it; returns the number of operations. Caller holds: the record. */
  drop(record: number): number {
    this.verify(record);
    this.#heap.free(this.table.handleOf(record));
    this.table.clear(record);
    return 1;
  }
}
