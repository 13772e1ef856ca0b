// @thi.ng/malloc as a store: addresses in shared memory, and one mutex around everything. The mutex is a parameter: our
// spin mutex, or V8's Atomics.Mutex.

import { MemPool } from '@thi.ng/malloc';
import { SpinMutex } from '@zsmalloc/lock-spin';
import { CheckError } from '../checks.ts';
import { KEYS } from './store.ts';
import type { Store } from './store.ts';

/** Runs a section while no other agent is in one. */
export type WithLock = <T>(section: () => T) => T;

type MutexDescriptor = ReturnType<SpinMutex['descriptor']>;

/** Plain data for `workerData`; `mutex` is a descriptor of ours, or an Atomics.Mutex. */
export interface ThingStoreDescriptor {
  readonly kind: 'spin' | 'atomics';
  readonly buffer: SharedArrayBuffer;
  readonly mutex: unknown;
}

/** What a V8 with --harmony-struct adds to Atomics. */
interface MutexConstructor {
  new (): object;
  lock<T>(mutex: object, section: () => T): T;
}

/** Undefined without the flag. */
function atomicsMutex(): MutexConstructor | undefined {
  return (Atomics as unknown as { Mutex?: MutexConstructor }).Mutex;
}

/** Address and length of each key's value; then the heap. */
const ENTRY_WORDS = 2;
const HEAP_OFFSET: number = KEYS * ENTRY_WORDS * 4;

/** One agent's side. */
export class ThingStore implements Store {
  readonly #descriptor: ThingStoreDescriptor;
  readonly #withLock: WithLock;
  readonly #pool: MemPool;
  readonly #bytes: Uint8Array;
  readonly #entries: Int32Array;

  private constructor(descriptor: ThingStoreDescriptor, withLock: WithLock, attach: boolean) {
    this.#descriptor = descriptor;
    this.#withLock = withLock;
    this.#pool = new MemPool({ buf: descriptor.buffer, start: HEAP_OFFSET, skipInitialization: attach });
    this.#bytes = new Uint8Array(descriptor.buffer);
    this.#entries = new Int32Array(descriptor.buffer, 0, KEYS * ENTRY_WORDS);
  }

  static create(kind: ThingStoreDescriptor['kind'], bytes: number): ThingStore {
    const buffer = new SharedArrayBuffer(HEAP_OFFSET + bytes);
    if (kind === 'atomics') {
      const Mutex = atomicsMutex();
      if (Mutex === undefined) throw new Error('cannot use Atomics.Mutex: start node with --harmony-struct.');
      const mutex = new Mutex();
      return new ThingStore({ kind, buffer, mutex }, (section) => Mutex.lock(mutex, section), false);
    }
    const mutex = SpinMutex.create();
    return new ThingStore({ kind, buffer, mutex: mutex.descriptor() }, (section) => mutex.withLock(section), false);
  }

  /** @param index Of the worker, from 0. */
  static attach(descriptor: ThingStoreDescriptor, index: number): ThingStore {
    if (descriptor.kind === 'atomics') {
      const Mutex = atomicsMutex()!;
      const mutex = descriptor.mutex as object;
      return new ThingStore(descriptor, (section) => Mutex.lock(mutex, section), true);
    }
    // The main agent is the first.
    const mutex = SpinMutex.attach(descriptor.mutex as MutexDescriptor, index + 2);
    return new ThingStore(descriptor, (section) => mutex.withLock(section), true);
  }

  descriptor(): ThingStoreDescriptor {
    return this.#descriptor;
  }

  put(key: number, value: Uint8Array): void {
    this.#withLock(() => {
      const address = this.#pool.malloc(value.length);
      if (address === 0) throw new CheckError(`the heap of put-get is full: no room for ${value.length} bytes.`);
      this.#bytes.set(value, address);
      const at = key * ENTRY_WORDS;
      const old = this.#entries[at]!;
      this.#entries[at] = address;
      this.#entries[at + 1] = value.length;
      if (old !== 0) this.#pool.free(old);
    });
  }

  get(key: number, target: Uint8Array): number {
    return this.#withLock(() => {
      const address = this.#entries[key * ENTRY_WORDS]!;
      if (address === 0) return -1;
      const length = this.#entries[key * ENTRY_WORDS + 1]!;
      target.set(this.#bytes.subarray(address, address + length));
      return length;
    });
  }

  remove(key: number): boolean {
    return this.#withLock(() => {
      const at = key * ENTRY_WORDS;
      const old = this.#entries[at]!;
      this.#entries[at] = 0;
      if (old !== 0) this.#pool.free(old);
      return old !== 0;
    });
  }

  usedBytes(): number {
    return this.#withLock(() => this.#pool.stats().top) - HEAP_OFFSET;
  }

  close(): void {}
}
