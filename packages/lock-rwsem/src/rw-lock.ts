// RwLock: a reader-writer lock for workers, without a pool.

import type { AsyncOptions } from './async-waits.ts';
import { ReadGuard, WriteGuard } from './guards.ts';
import type { WaitOptions } from './holds.ts';
import { Holds } from './holds.ts';
import { Region } from './region.ts';
import type { AttachOptions, LockDescriptor, RegionOptions } from './region.ts';
import { QUEUED } from './word.ts';

/** A reader-writer lock. Each agent has its own object; all of them act on the same memory. */
export class RwLock implements Disposable {
  private readonly region: Region;
  private readonly holds: Holds;

  /** For `LockTable`; use `create` or `attach`. */
  constructor(region: Region, index: number) {
    this.region = region;
    this.holds = new Holds(region, index);
  }

  /**
   * Makes a lock and attaches to it. Takes about 130 bytes per agent.
   *
   * @throws ERR_ZS_OPTION when a limit is out of range.
   * Blocks: no. Main thread: yes.
   */
  static create(options: RegionOptions & AttachOptions = {}): RwLock {
    return new RwLock(Region.create(1, options), 0);
  }

  /**
   * Attaches to a lock that another agent has made.
   *
   * @throws ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_ATTACH_FORMAT when it describes no such lock; ERR_ZS_AGENTS_FULL.
   * Blocks: no. Main thread: yes.
   */
  static attach(descriptor: LockDescriptor, options: AttachOptions = {}): RwLock {
    return new RwLock(Region.attach(descriptor, options), 0);
  }

  /** Plain data for `postMessage` or `workerData`. */
  descriptor(): LockDescriptor {
    return this.region.descriptor;
  }

  /**
   * Locks for reading: beside other readers, not beside a writer.
   *
   * @throws ERR_ZS_LOCK_TIMEOUT after `timeoutMs`; ERR_ZS_WOULD_BLOCK on an agent that cannot block, when spinning did not
   *   help; ERR_ZS_LOCK_MISUSE when this agent itself is the writer.
   * Blocks: yes, where the agent can. Main thread: spins for a moment, then throws.
   */
  read(options?: WaitOptions): ReadGuard {
    this.holds.read(options);
    return new ReadGuard(this.holds);
  }

  /** Like `read`, for writing: beside nobody. Also misuse when this agent reads: see `ReadGuard.tryUpgrade`. */
  write(options?: WaitOptions): WriteGuard {
    this.holds.write(options);
    return new WriteGuard(this.holds);
  }

  /** Locks for reading if that is possible at once; undefined when a writer is inside or parked. Blocks: no. */
  tryRead(): ReadGuard | undefined {
    return this.holds.tryRead() ? new ReadGuard(this.holds) : undefined;
  }

  /** Locks for writing if that is possible at once. Blocks: no. */
  tryWrite(): WriteGuard | undefined {
    return this.holds.tryWrite() ? new WriteGuard(this.holds) : undefined;
  }

  /**
   * Awaits the lock for reading. The wait keeps the process alive.
   *
   * @throws ERR_ZS_LOCK_TIMEOUT after `timeoutMs`, or the signal's reason: as rejections. Nothing is held then.
   * Blocks: no. Main thread: yes.
   */
  readAsync(options: AsyncOptions = {}): Promise<ReadGuard> {
    return this.holds.readAsync(options, () => new ReadGuard(this.holds));
  }

  /** Like `readAsync`, for writing. */
  writeAsync(options: AsyncOptions = {}): Promise<WriteGuard> {
    return this.holds.writeAsync(options, () => new WriteGuard(this.holds));
  }

  /** A hint that somebody is parked behind this lock: a long hold should end soon. Blocks: no. */
  isContended(): boolean {
    return (this.holds.peek() & QUEUED) !== 0;
  }

  /** Waits, of all agents, that no wakeup but a look at the clock has ended: 0 unless an agent died. */
  get rescues(): number {
    return this.region.rescues;
  }

  /**
   * Gives this agent's slot back. For a lock of a table: detaches from the table.
   *
   * @throws ERR_ZS_IN_USE while this agent holds or awaits the lock.
   * Blocks: no. Main thread: yes.
   */
  detach(): void {
    this.region.detach();
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}
