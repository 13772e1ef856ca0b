// A pool as a store: a table of handles in shared memory, each owned for as long as it is read or changed.

import type { Pool } from '@zsmalloc/core';
import { CheckError } from '../checks.ts';
import { ObjectTable } from '../object-table.ts';
import type { Store } from './store.ts';

/** One agent's side. */
export class PoolStore implements Store {
  readonly #pool: Pool;
  readonly #table: ObjectTable;

  constructor(pool: Pool, table: SharedArrayBuffer) {
    this.#pool = pool;
    this.#table = new ObjectTable(table);
  }

  put(key: number, value: Uint8Array): void {
    const handle = this.#pool.tryMalloc(value.length);
    if (handle === 0) throw new CheckError(`the pool of put-get is full: no room for ${value.length} bytes.`);
    this.#pool.write(handle, value);
    const old = this.#exchange(key, handle, value.length);
    if (old !== 0) this.#pool.free(old);
  }

  get(key: number, target: Uint8Array): number {
    this.#own(key);
    const handle = this.#table.handleOf(key);
    const length = handle === 0 ? -1 : this.#pool.readInto(handle, target);
    this.#table.disown(key);
    return length;
  }

  remove(key: number): boolean {
    const old = this.#exchange(key, 0, 0);
    if (old !== 0) this.#pool.free(old);
    return old !== 0;
  }

  usedBytes(): number {
    return this.#pool.stats().bytesUsed;
  }

  close(): void {
    this.#pool.detach();
  }

  #exchange(key: number, handle: number, sizeBytes: number): number {
    this.#own(key);
    const old = this.#table.handleOf(key);
    this.#table.set(key, handle, sizeBytes, 0);
    this.#table.disown(key);
    return old;
  }

  /** Two workers meet at one of 1024 keys for less than a microsecond, hardly ever: spinning will do. */
  #own(key: number): void {
    while (!this.#table.tryOwn(key));
  }
}
