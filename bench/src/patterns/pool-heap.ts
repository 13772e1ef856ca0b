// A pool as the heap of an allocator pattern.

import type { Pool } from '@zsmalloc/core';
import { check } from '../checks.ts';
import { ContentImage, checkStamps, lastWordOffset } from './heap.ts';
import type { Heap } from './heap.ts';

/** One agent's side. */
export class PoolHeap implements Heap {
  readonly #pool: Pool;
  readonly #words: Int32Array;
  readonly #image: ContentImage = new ContentImage();

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#words = new Int32Array(pool.bytes.buffer);
  }

  malloc(sizeBytes: number): number {
    return this.#pool.tryMalloc(sizeBytes);
  }

  free(handle: number): void {
    this.#pool.free(handle);
  }

  fill(handle: number, sizeBytes: number, stamp: number): void {
    this.#pool.write(handle, this.#image.of(sizeBytes, stamp));
  }

  verify(handle: number, sizeBytes: number, stamp: number): void {
    const pool = this.#pool;
    const offset = pool.readBegin(handle);
    const { readLength, readFirstBytes } = pool;
    const at = lastWordOffset(sizeBytes);
    const lastOffset = at < readFirstBytes ? offset + at : pool.readSecondOffset + at - readFirstBytes;
    const first = this.#words[offset >> 2]!;
    const last = this.#words[lastOffset >> 2]!;
    pool.readEnd(offset);
    if (readLength !== sizeBytes)
      check(false, `object ${handle} has ${readLength} bytes, ${sizeBytes} were asked for.`);
    checkStamps(first, last, stamp, 'object', handle);
  }

  detach(): void {
    this.#pool.detach();
  }
}

/** Does nothing and holds nothing: what a pattern costs by itself. */
export class EmptyHeap implements Heap {
  malloc(): number {
    return 1;
  }

  free(): void {}

  fill(): void {}

  verify(): void {}

  detach(): void {}
}
