// What an allocator pattern needs of an allocator, and what objects hold so that a mix-up is seen.
//
// CONTENT   of an object with stamp s: first word s, last whole word ~s, bytes between by their offset. A lost, moved,
//           doubled or shared object shows another stamp in front or at the end. Objects have 8 bytes or more.

import { CheckError } from '../checks.ts';

/** Least size of an object: a stamp in front and one at the end. */
export const OBJECT_BYTES_MIN = 8;
/** Largest size that a pattern asks for: the largest object of a pool with default pages. */
export const OBJECT_BYTES_MAX = 4096;

/** One agent's side of an allocator. */
export interface Heap {
  /** Returns a handle or an address, never 0; 0 when there is no room. */
  malloc(sizeBytes: number): number;
  free(handle: number): void;
  /** Writes the content that goes with `stamp`. */
  fill(handle: number, sizeBytes: number, stamp: number): void;
  /** Throws a CheckError unless the object holds what `fill` wrote. */
  verify(handle: number, sizeBytes: number, stamp: number): void;
  detach(): void;
}

/** The content of an object, made in place again and again. */
export class ContentImage {
  readonly #bytes: Uint8Array = new Uint8Array(OBJECT_BYTES_MAX);
  readonly #words: Int32Array = new Int32Array(this.#bytes.buffer);
  readonly #background: Int32Array;
  /** Views by size, made once each: a view costs more than the stamps. */
  readonly #views: Uint8Array[] = [];

  constructor() {
    for (let at = 0; at < this.#bytes.length; at++) this.#bytes[at] = (at * 131) ^ (at >> 5);
    this.#background = this.#words.slice();
  }

  /** Valid until the next call. */
  of(sizeBytes: number, stamp: number): Uint8Array {
    const last = (sizeBytes >> 2) - 1;
    const words = this.#words;
    // The word that the last call stamped at an end is background here, unless it is stamped again.
    words[this.#stamped] = this.#background[this.#stamped]!;
    words[0] = stamp;
    words[last] = ~stamp;
    this.#stamped = last;
    return (this.#views[sizeBytes] ??= this.#bytes.subarray(0, sizeBytes));
  }

  #stamped = 0;
}

/** Offset of the last whole word of an object. */
export function lastWordOffset(sizeBytes: number): number {
  return ((sizeBytes >> 2) - 1) << 2;
}

/** Compares both stamps. */
export function checkStamps(first: number, last: number, stamp: number, what: string, handle: number): void {
  if (first === stamp && last === ~stamp) return;
  throw new CheckError(
    `${what} ${handle} holds ${first} in front and ${~last} at its end, and ${stamp} was stored: the object is not what it was.`,
  );
}
