// Holds as objects, for `using`: a hold ends at the end of the block that declares it.
//
// RULES
//   1. `release` ends the hold now, and a second time is ERR_ZS_LOCK_MISUSE. Leaving the block after that does nothing.
//   2. A guard belongs to the agent that locked. It may be kept across `await`.
//   3. A guard that was turned into another one (downgrade, upgrade) is spent, as if released.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { Holds } from './holds.ts';

abstract class Guard implements Disposable {
  protected readonly holds: Holds;
  private open = true;

  constructor(holds: Holds) {
    this.holds = holds;
  }

  /** True until the hold ends. */
  get isHeld(): boolean {
    return this.open;
  }

  protected abstract end(): void;

  /**
   * Ends the hold.
   *
   * @throws ERR_ZS_LOCK_MISUSE when it has ended already.
   * Blocks: no. Main thread: yes.
   */
  release(): void {
    this.spend();
    this.end();
  }

  /** Ends the hold, if that has not happened yet. */
  [Symbol.dispose](): void {
    if (this.open) this.release();
  }

  /** Marks the guard as used up. The hold itself goes on: the caller turns it into something else. */
  protected spend(): void {
    if (!this.open) {
      throw new ZsmallocError(
        'ERR_ZS_LOCK_MISUSE',
        'cannot use the guard: its hold has ended. Release, downgrade or upgrade a guard once.',
      );
    }
    this.open = false;
  }
}

/** A read hold. */
export class ReadGuard extends Guard {
  protected end(): void {
    this.holds.endRead();
  }

  /**
   * Turns the hold into a write hold, if it is the only read hold; nobody writes in between.
   *
   * @returns The write hold (this guard is spent), or undefined when others read: then this guard goes on.
   * Blocks: no. Main thread: yes.
   */
  tryUpgrade(): WriteGuard | undefined {
    if (!this.isHeld) this.spend();
    if (!this.holds.tryUpgrade()) return undefined;
    this.spend();
    return new WriteGuard(this.holds);
  }
}

/** A write hold. */
export class WriteGuard extends Guard {
  protected end(): void {
    this.holds.endWrite();
  }

  /**
   * Turns the hold into a read hold; nobody writes in between, and parked readers get in. This guard is spent.
   *
   * Blocks: no. Main thread: yes.
   */
  downgrade(): ReadGuard {
    this.spend();
    this.holds.downgrade();
    return new ReadGuard(this.holds);
  }
}

/** The hold of a mutex. */
export class MutexGuard extends Guard {
  protected end(): void {
    this.holds.endWrite();
  }
}
