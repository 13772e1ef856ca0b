// The values of the put-get workload: each tells its key and its version, and all its bytes follow from them, so that a
// get is verified whatever other workers put meanwhile.
//
// VALUE    key (4 bytes) | version (4 bytes) | bytes of one random table, from a place that follows from both

import { CheckError } from '../checks.ts';
import { Random } from '../random.ts';

const HEADER_BYTES = 8;
const TABLE_BYTES = 2 ** 16;
const TABLE_SEED = 0x9a7e;

/** Makes and verifies values of one size; each worker has its own. */
export class ValueMaker {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #table: Uint8Array;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#bytes = new Uint8Array(sizeBytes);
    this.#words = new Int32Array(this.#bytes.buffer, 0, 2);
    const random = new Random(TABLE_SEED);
    const words = Uint32Array.from({ length: (TABLE_BYTES + sizeBytes + 4) >> 2 }, () => random.next());
    this.#table = new Uint8Array(words.buffer);
  }

  /** Valid until the next call. */
  make(key: number, version: number): Uint8Array {
    const start = placeOf(key, version);
    this.#words[0] = key;
    this.#words[1] = version;
    this.#bytes.set(this.#table.subarray(start, start + this.sizeBytes - HEADER_BYTES), HEADER_BYTES);
    return this.#bytes;
  }

  /** Throws a CheckError unless `value` is one that was made for `key`. */
  verify(key: number, value: Uint8Array): void {
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const own = value.length === this.sizeBytes && view.getInt32(0, true) === key;
    const start = own ? placeOf(key, view.getInt32(4, true)) : 0;
    const expected = this.#table.subarray(start, start + this.sizeBytes - HEADER_BYTES);
    // Compares in native code: what is measured is the store.
    if (own && Buffer.compare(value.subarray(HEADER_BYTES), expected) === 0) return;
    throw new CheckError(`key ${key} gave ${value.length} bytes that are no value of it: a mix of values, or of keys.`);
  }
}

/** Below TABLE_BYTES, and a multiple of 4. */
function placeOf(key: number, version: number): number {
  return (Math.imul(Math.imul(key, 0x9e3779b1) ^ version, 0x85ebca6b) >>> 18) * 4;
}
