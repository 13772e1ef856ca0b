// One agent's holds on one lock: what the lock word cannot say, kept beside it.
//
// RULES
//   1. The word says which agent writes but not which agents read. Counting its own read holds lets an agent notice that
//      it is about to wait for itself, and that it releases what it does not hold.
//   2. A blocking read by an agent that has a read hold passes parked writers: it cannot wait for them, since they wait for
//      it. Readers that overlap without end on one agent can therefore starve writers; awaiting instead queues up.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import type { AsyncOptions } from './async-waits.ts';
import { AsyncWaits } from './async-waits.ts';
import { notHeld, timedOut, waitsForItself } from './errors.ts';
import { FOR_WRITE } from './lot.ts';
import type { Region } from './region.ts';
import type { Rwsem } from './rwsem.ts';

/** Limits of one blocking wait. */
export interface WaitOptions {
  /** Time after which the wait is given up, in ms. Left out: none. Has no effect on an agent that cannot block. */
  readonly timeoutMs?: number | undefined;
}

/** One agent's side of one lock of a region. */
export class Holds {
  readonly region: Region;
  readonly word: WordIndex;
  private readonly rwsem: Rwsem;
  private readonly asyncWaits: AsyncWaits;
  private reads = 0;
  private writes = 0;

  constructor(region: Region, index: number) {
    this.region = region;
    this.word = region.lockWord(index);
    this.rwsem = region.rwsem;
    this.asyncWaits = new AsyncWaits(region.rwsem, this.word);
  }

  read(options?: WaitOptions): void {
    this.region.checkAttached();
    if (this.reads > 0) this.rwsem.readLockAgain(this.word);
    else if (options?.timeoutMs === undefined) this.rwsem.readLock(this.word);
    else if (!this.rwsem.readLockUntil(this.word, deadlineOf(options.timeoutMs)))
      throw this.late('reading', options.timeoutMs);
    this.noteRead();
  }

  write(options?: WaitOptions): void {
    this.region.checkAttached();
    if (this.reads > 0 && this.rwsem.agent.mayBlock) throw waitsForItself('writing', this.word, this.region.agentIndex);
    if (options?.timeoutMs === undefined) this.rwsem.writeLock(this.word);
    else if (!this.rwsem.writeLockUntil(this.word, deadlineOf(options.timeoutMs)))
      throw this.late('writing', options.timeoutMs);
    this.noteWrite();
  }

  tryRead(): boolean {
    this.region.checkAttached();
    if (this.reads > 0) this.rwsem.readLockAgain(this.word);
    else if (!this.rwsem.tryReadLock(this.word)) return false;
    this.noteRead();
    return true;
  }

  tryWrite(): boolean {
    this.region.checkAttached();
    if (!this.rwsem.tryWriteLock(this.word)) return false;
    this.noteWrite();
    return true;
  }

  readAsync<T>(options: AsyncOptions, guard: () => T): Promise<T> {
    return this.lockAsync(0, options, () => {
      this.noteRead();
      return guard();
    });
  }

  writeAsync<T>(options: AsyncOptions, guard: () => T): Promise<T> {
    return this.lockAsync(FOR_WRITE, options, () => {
      this.noteWrite();
      return guard();
    });
  }

  // An async function, so that misuse is a rejection too.
  private async lockAsync<T>(flags: number, options: AsyncOptions, onGrant: () => T): Promise<T> {
    this.region.checkAttached();
    if (options.timeoutMs !== undefined) deadlineOf(options.timeoutMs);
    this.region.waits++;
    try {
      return await this.asyncWaits.wait(flags, options, onGrant);
    } finally {
      this.region.waits--;
    }
  }

  endRead(): void {
    if (this.reads === 0) throw notHeld('reading', this.word, this.peek(), this.region.agentIndex);
    this.rwsem.readUnlock(this.word);
    this.reads--;
    this.region.holds--;
  }

  endWrite(): void {
    this.rwsem.writeUnlock(this.word);
    this.writes--;
    this.region.holds--;
  }

  downgrade(): void {
    this.rwsem.downgrade(this.word);
    this.writes--;
    this.reads++;
  }

  tryUpgrade(): boolean {
    if (this.reads !== 1 || !this.rwsem.tryUpgrade(this.word)) return false;
    this.reads--;
    this.writes++;
    return true;
  }

  /** The lock word. A hint. */
  peek(): number {
    // order: relaxed. For error texts and for `isContended`.
    return Atomics.load(this.region.words, this.word);
  }

  private noteRead(): void {
    this.reads++;
    this.region.holds++;
  }

  private noteWrite(): void {
    this.writes++;
    this.region.holds++;
  }

  private late(mode: 'reading' | 'writing', timeoutMs: number): ZsmallocError {
    return timedOut(mode, timeoutMs, this.peek());
  }
}

/** @throws ERR_ZS_OPTION when the limit is no time. */
function deadlineOf(timeoutMs: number): number {
  if (timeoutMs >= 0) return performance.now() + timeoutMs;
  throw new ZsmallocError(
    'ERR_ZS_OPTION',
    `cannot wait for ${timeoutMs} ms: give a number from 0 up, or leave it out.`,
    {
      timeoutMs,
    },
  );
}
