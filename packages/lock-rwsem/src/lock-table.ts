// LockTable: many locks in one piece of shared memory, with one slot per agent for all of them.

import { ZsmallocError } from '@zsmalloc/core/words';
import { Mutex } from './mutex.ts';
import { Region } from './region.ts';
import type { AttachOptions, LockDescriptor, RegionOptions } from './region.ts';
import { RwLock } from './rw-lock.ts';

/** Locks numbered from 0. Each may be used as an `RwLock` or as a `Mutex`; objects are made on first use. */
export class LockTable implements Disposable {
  private readonly region: Region;
  private readonly rwLocks = new Map<number, RwLock>();
  private readonly mutexes = new Map<number, Mutex>();

  private constructor(region: Region) {
    this.region = region;
  }

  /**
   * Makes a table and attaches to it: 64 bytes per lock.
   *
   * @param options.locks 1 to 2^20.
   * @throws ERR_ZS_OPTION when a limit is out of range.
   * Blocks: no. Main thread: yes.
   */
  static create(options: { readonly locks: number } & RegionOptions & AttachOptions): LockTable {
    return new LockTable(Region.create(options.locks, options));
  }

  /** Like `RwLock.attach`. */
  static attach(descriptor: LockDescriptor, options: AttachOptions = {}): LockTable {
    return new LockTable(Region.attach(descriptor, options));
  }

  /** Plain data for `postMessage` or `workerData`. */
  descriptor(): LockDescriptor {
    return this.region.descriptor;
  }

  get size(): number {
    return this.region.lockCount;
  }

  /** @throws ERR_ZS_OPTION when there is no such lock. */
  rwLock(index: number): RwLock {
    return this.get(this.rwLocks, index, () => new RwLock(this.region, index));
  }

  /** @throws ERR_ZS_OPTION when there is no such lock. */
  mutex(index: number): Mutex {
    return this.get(this.mutexes, index, () => new Mutex(this.region, index));
  }

  private get<L>(made: Map<number, L>, index: number, make: () => L): L {
    const known = made.get(index);
    if (known !== undefined) return known;
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new ZsmallocError(
        'ERR_ZS_OPTION',
        `there is no lock ${index}: the table has ${this.size}, numbered from 0.`,
        {
          index,
          size: this.size,
        },
      );
    }
    const lock = make();
    made.set(index, lock);
    return lock;
  }

  /** Waits, of all agents, that no wakeup but a look at the clock has ended: 0 unless an agent died. */
  get rescues(): number {
    return this.region.rescues;
  }

  /** Like `RwLock.detach`, for all locks of the table. */
  detach(): void {
    this.region.detach();
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}
