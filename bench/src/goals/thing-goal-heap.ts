// @thi.ng/malloc in shared memory as a heap of the goals: behind one spin mutex where there are several agents.

import { MemPool } from '@thi.ng/malloc';
import { SpinMutex } from '@zsmalloc/lock-spin';
import type { GoalHeap } from './kernel.ts';

/** Plain data for `workerData`. */
export interface ThingGoalDescriptor {
  readonly buffer: SharedArrayBuffer;
  readonly mutex: ReturnType<SpinMutex['descriptor']>;
  readonly alone: boolean;
}

/** Agents are numbered from 1, and the one that creates is the first. */
const WORKER_AGENT = 2;

/** One agent's side. */
export class ThingGoalHeap implements GoalHeap {
  readonly #buffer: SharedArrayBuffer;
  readonly #pool: MemPool;
  readonly #mutex: SpinMutex;
  readonly #alone: boolean;
  readonly #bytes: Uint8Array;

  private constructor(buffer: SharedArrayBuffer, mutex: SpinMutex, alone: boolean, attach: boolean) {
    this.#buffer = buffer;
    this.#pool = new MemPool({ buf: buffer, skipInitialization: attach });
    this.#mutex = mutex;
    this.#alone = alone;
    this.#bytes = new Uint8Array(buffer);
  }

  /** @param alone No other agent allocates or frees, so that no mutex is needed. */
  static create(bytes: number, alone: boolean): ThingGoalHeap {
    return new ThingGoalHeap(new SharedArrayBuffer(bytes), SpinMutex.create(), alone, false);
  }

  /** @param index Of the worker, from 0. */
  static attach({ buffer, mutex, alone }: ThingGoalDescriptor, index: number): ThingGoalHeap {
    return new ThingGoalHeap(buffer, SpinMutex.attach(mutex, index + WORKER_AGENT), alone, true);
  }

  descriptor(): ThingGoalDescriptor {
    return { buffer: this.#buffer, mutex: this.#mutex.descriptor(), alone: this.#alone };
  }

  malloc(sizeBytes: number): number {
    if (this.#alone) return this.#pool.malloc(sizeBytes);
    this.#mutex.lock();
    const address = this.#pool.malloc(sizeBytes);
    this.#mutex.unlock();
    return address;
  }

  free(address: number): void {
    if (this.#alone) {
      this.#pool.free(address);
      return;
    }
    this.#mutex.lock();
    this.#pool.free(address);
    this.#mutex.unlock();
  }

  write(address: number, source: Uint8Array): void {
    this.#bytes.set(source, address);
  }

  readInto(address: number, target: Uint8Array): number {
    target.set(this.#bytes.subarray(address, address + target.length));
    return target.length;
  }
}
