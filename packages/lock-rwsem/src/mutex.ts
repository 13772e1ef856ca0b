// Mutex: an exclusive lock for workers, without a pool.

import type { AsyncOptions } from './async-waits.ts';
import { MutexGuard } from './guards.ts';
import type { WaitOptions } from './holds.ts';
import { Holds } from './holds.ts';
import { Region } from './region.ts';
import type { AttachOptions, LockDescriptor, RegionOptions } from './region.ts';
import { QUEUED } from './word.ts';

/** An exclusive lock: the write side of a `RwLock`. Each agent has its own object; all of them act on the same memory. */
export class Mutex implements Disposable {
  private readonly region: Region;
  private readonly holds: Holds;

  /** For `LockTable`; use `create` or `attach`. */
  constructor(region: Region, index: number) {
    this.region = region;
    this.holds = new Holds(region, index);
  }

  /** Like `RwLock.create`. */
  static create(options: RegionOptions & AttachOptions = {}): Mutex {
    return new Mutex(Region.create(1, options), 0);
  }

  /** Like `RwLock.attach`. */
  static attach(descriptor: LockDescriptor, options: AttachOptions = {}): Mutex {
    return new Mutex(Region.attach(descriptor, options), 0);
  }

  /** Plain data for `postMessage` or `workerData`. */
  descriptor(): LockDescriptor {
    return this.region.descriptor;
  }

  /**
   * Locks.
   *
   * @throws ERR_ZS_LOCK_TIMEOUT after `timeoutMs`; ERR_ZS_WOULD_BLOCK on an agent that cannot block, when spinning did not
   *   help; ERR_ZS_LOCK_MISUSE when this agent holds it already.
   * Blocks: yes, where the agent can. Main thread: spins for a moment, then throws.
   */
  lock(options?: WaitOptions): MutexGuard {
    this.holds.write(options);
    return new MutexGuard(this.holds);
  }

  /** Locks if that is possible at once. Blocks: no. */
  tryLock(): MutexGuard | undefined {
    return this.holds.tryWrite() ? new MutexGuard(this.holds) : undefined;
  }

  /**
   * Awaits the lock. The wait keeps the process alive.
   *
   * @throws ERR_ZS_LOCK_TIMEOUT after `timeoutMs`, or the signal's reason: as rejections. Nothing is held then.
   * Blocks: no. Main thread: yes.
   */
  lockAsync(options: AsyncOptions = {}): Promise<MutexGuard> {
    return this.holds.writeAsync(options, () => new MutexGuard(this.holds));
  }

  /** A hint that somebody is parked behind this lock: a long hold should end soon. Blocks: no. */
  isContended(): boolean {
    return (this.holds.peek() & QUEUED) !== 0;
  }

  /** Waits, of all agents, that no wakeup but a look at the clock has ended: 0 unless an agent died. */
  get rescues(): number {
    return this.region.rescues;
  }

  /** Like `RwLock.detach`. */
  detach(): void {
    this.region.detach();
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}
