// What a replay needs of a pool, and what its objects hold.
//
// CONTENT   of object o: a window into one table of random bytes, whose start follows from o. A read compares every byte.

import type { Hold, HoldingPool, Pool } from '@zsmalloc/core';
import { CheckError } from '../checks.ts';
import { Random } from '../random.ts';

const WINDOWS = 2 ** 14;
const TABLE_SEED = 0x7ace;

/** One agent's side. Objects are named by their numbers in the trace, which tell what they hold. */
export interface TraceHeap {
  /** Returns 0 when there is no room. */
  malloc(sizeBytes: number): number;
  free(handle: number): void;
  write(handle: number, object: number, offset: number, length: number): void;
  /** Compares every byte; throws a CheckError at a difference. */
  read(handle: number, object: number, sizeBytes: number): void;
  /** Like a read, that lasts until `release`. */
  hold(handle: number, object: number, sizeBytes: number): void;
  /** Ends a hold of the object; does nothing where there is none. */
  release(object: number): void;
  compact(pages: number): void;
  detach(): void;
}

/** Random bytes; the same in every process. */
function randomTable(bytes: number): Uint8Array {
  const random = new Random(TABLE_SEED);
  const words = Uint32Array.from({ length: bytes / 4 }, () => random.next());
  return new Uint8Array(words.buffer);
}

/** Byte at which the window of an object starts; a multiple of 4. */
function windowOf(object: number): number {
  return (Math.imul(object, 0x9e3779b1) >>> 18) * 4;
}

/** See the head of the file. */
export class PoolTraceHeap implements TraceHeap {
  readonly #pool: Pool;
  readonly #words: Int32Array;
  readonly #table: Uint8Array;
  readonly #tableWords: Int32Array;
  readonly #mayHold: boolean;
  readonly #holds: Map<number, Hold[]> = new Map();

  /** @param mayHold Whether the strategy has holds; without them a hold is a read. */
  constructor(pool: Pool, mayHold: boolean) {
    this.#pool = pool;
    this.#words = new Int32Array(pool.bytes.buffer);
    this.#table = randomTable(WINDOWS * 4 + pool.objectBytesMax);
    this.#tableWords = new Int32Array(this.#table.buffer);
    this.#mayHold = mayHold;
  }

  malloc(sizeBytes: number): number {
    return this.#pool.tryMalloc(sizeBytes);
  }

  free(handle: number): void {
    this.#pool.free(handle);
  }

  write(handle: number, object: number, offset: number, length: number): void {
    const start = windowOf(object) + offset;
    this.#pool.write(handle, this.#table.subarray(start, start + length), offset);
  }

  read(handle: number, object: number, sizeBytes: number): void {
    const pool = this.#pool;
    const offset = pool.readBegin(handle);
    const { readLength, readFirstBytes: first, readSecondOffset: second } = pool;
    const start = windowOf(object);
    let wrong = readLength === sizeBytes ? this.#differs(offset, start, first) : 0;
    if (wrong < 0 && first < readLength) wrong = this.#differs(second, start + first, readLength - first);
    pool.readEnd(offset);
    if (wrong >= 0) {
      throw new CheckError(
        `object ${object} of the trace, handle ${handle}, ${readLength} of ${sizeBytes} bytes: its content is not what was written, from byte ${wrong} of a part on.`,
      );
    }
  }

  hold(handle: number, object: number, sizeBytes: number): void {
    if (!this.#mayHold) return this.read(handle, object, sizeBytes);
    const hold = (this.#pool as HoldingPool).hold(handle);
    if (hold.length !== sizeBytes) throw new CheckError(`object ${object} has ${hold.length} bytes, not ${sizeBytes}.`);
    const held = this.#holds.get(object);
    if (held === undefined) this.#holds.set(object, [hold]);
    else held.push(hold);
  }

  release(object: number): void {
    const held = this.#holds.get(object);
    if (held === undefined) return;
    held.pop()!.release();
    if (held.length === 0) this.#holds.delete(object);
  }

  compact(pages: number): void {
    this.#pool.compact(pages === 0 ? {} : { pages });
  }

  detach(): void {
    this.#pool.detach();
  }

  /** First byte at which the pool's bytes differ from the table's, or -1. Both start on words. */
  #differs(offset: number, start: number, length: number): number {
    const words = this.#words;
    const table = this.#tableWords;
    const end = (offset + length) >> 2;
    let expected = start >> 2;
    for (let at = offset >> 2; at < end; at++, expected++) {
      if (words[at] !== table[expected]) return (at << 2) - offset;
    }
    const { bytes } = this.#pool;
    for (let at = length & ~3; at < length; at++) if (bytes[offset + at] !== this.#table[start + at]) return at;
    return -1;
  }
}

/** Does nothing and holds nothing: what the replay costs by itself. */
export class EmptyTraceHeap implements TraceHeap {
  malloc(): number {
    return 1;
  }

  free(): void {}

  write(): void {}

  read(): void {}

  hold(): void {}

  release(): void {}

  compact(): void {}

  detach(): void {}
}
