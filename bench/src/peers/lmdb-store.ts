// lmdb: a memory-mapped file that workers, and processes, share. Without syncing to disk: nothing else here survives a
// power failure either.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import type { Store } from './store.ts';

const FILE = 'values.mdb';
const MAP_BYTES = 2 ** 28;

/** One agent's side. */
export class LmdbStore implements Store {
  readonly #database: RootDatabase<Buffer, number>;
  readonly #path: string;

  /** @param folder Of the file; all agents name the same. */
  constructor(folder: string) {
    this.#path = join(folder, FILE);
    this.#database = open<Buffer, number>({
      path: this.#path,
      encoding: 'binary',
      keyEncoding: 'uint32',
      noSync: true,
      mapSize: MAP_BYTES,
    });
  }

  put(key: number, value: Uint8Array): void {
    this.#database.putSync(key, value as Buffer);
  }

  get(key: number, target: Uint8Array): number {
    const value = this.#database.getBinary(key);
    if (value === undefined) return -1;
    target.set(value);
    return value.length;
  }

  remove(key: number): boolean {
    return this.#database.removeSync(key);
  }

  /** Size of the file. */
  usedBytes(): number {
    return statSync(this.#path).size;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
