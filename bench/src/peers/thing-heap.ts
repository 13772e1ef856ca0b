// @thi.ng/malloc in shared memory, behind one mutex. Its state lies in the buffer, so every agent can attach; it is not
// safe for threads by itself, so a lock of ours makes it so. Contents are read and written outside of the lock: a block
// never moves, and its address is its name.

import { MemPool } from '@thi.ng/malloc';
import { SpinMutex } from '@zsmalloc/lock-spin';
import { ContentImage, checkStamps, lastWordOffset } from '../patterns/heap.ts';
import type { Heap } from '../patterns/heap.ts';

type MutexDescriptor = ReturnType<SpinMutex['descriptor']>;

/** Plain data for `workerData`. */
export interface ThingHeapDescriptor {
  readonly buffer: SharedArrayBuffer;
  readonly mutex: MutexDescriptor;
}

/** Agents are numbered from 1, and the one that creates is the first. */
const WORKER_AGENT = 2;

/** One agent's side. */
export class ThingHeap implements Heap {
  readonly #buffer: SharedArrayBuffer;
  readonly #pool: MemPool;
  readonly #mutex: SpinMutex;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #image: ContentImage = new ContentImage();

  private constructor(buffer: SharedArrayBuffer, mutex: SpinMutex, attach: boolean) {
    this.#buffer = buffer;
    this.#pool = new MemPool({ buf: buffer, skipInitialization: attach });
    this.#mutex = mutex;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
  }

  static create(bytes: number): ThingHeap {
    return new ThingHeap(new SharedArrayBuffer(bytes), SpinMutex.create(), false);
  }

  /** @param index Of the worker, from 0. */
  static attach({ buffer, mutex }: ThingHeapDescriptor, index: number): ThingHeap {
    return new ThingHeap(buffer, SpinMutex.attach(mutex, index + WORKER_AGENT), true);
  }

  descriptor(): ThingHeapDescriptor {
    return { buffer: this.#buffer, mutex: this.#mutex.descriptor() };
  }

  malloc(sizeBytes: number): number {
    return this.#mutex.withLock(() => this.#pool.malloc(sizeBytes));
  }

  free(address: number): void {
    this.#mutex.withLock(() => this.#pool.free(address));
  }

  fill(address: number, sizeBytes: number, stamp: number): void {
    this.#bytes.set(this.#image.of(sizeBytes, stamp), address);
  }

  verify(address: number, sizeBytes: number, stamp: number): void {
    const first = this.#words[address >> 2]!;
    const last = this.#words[(address + lastWordOffset(sizeBytes)) >> 2]!;
    checkStamps(first, last, stamp, 'block', address);
  }

  /** Bytes from the start of the heap to its top: what was taken from the buffer, free blocks below the top included. */
  usedBytes(): number {
    return this.#mutex.withLock(() => this.#pool.stats().top);
  }

  detach(): void {}
}
