// Lookups that lock first and validate after: decode the cell as a hint, lock the zspage, and look whether the cell still
// says the same. That is safe because zspage records never become anything else: a lock taken by a stale hint is some
// zspage's lock, and it is given back as soon as the cell disagrees.
//
// RULES
//   1. A mover holds the class lock, then tries the zspage lock. There is no pool lock: readers of different zspages share no
//      word. With `OwnLines`, those of one zspage do not either.

import type { WordIndex } from '../words/agent.ts';
import type { Location, StrategyHost, StrategyRecovery, ZspageIndex } from './contract.ts';
import type { Mutex, TryRwLock } from './locks.ts';
import { lockClassByHint } from './class-by-hint.ts';
import { OwnLines } from './own-lines.ts';
import type { RecoverableRwLock } from './own-lines.ts';
import { LockBased } from './zspage-locks.ts';
import { isLocation } from '../handles.ts';

/** See the head of the file. */
export class ValidatingStrategy extends LockBased {
  override readonly recovery: StrategyRecovery | undefined;

  constructor(host: StrategyHost, mutex: Mutex, zspageLock: TryRwLock) {
    super(host, mutex, zspageLock);
    this.recovery = this.recoveryWith(undefined);
  }

  readBegin(cell: WordIndex): Location {
    // A hint: plain and possibly stale. What decides is the atomic load under the zspage lock.
    let location = this.words[cell]!;
    for (;;) {
      if (!isLocation(location)) {
        // order: acquire, pairs with publish and with the class lock of malloc. The hint said "no object".
        const current = Atomics.load(this.words, cell);
        if (!isLocation(current)) return 0;
        location = current;
        continue;
      }
      const word = this.zspageWordOf(location);
      this.enter(word);
      // order: acquire, pairs with publish. Equal: no mover can have the zspage from here on, the object stays.
      const current = Atomics.load(this.words, cell);
      if (current === location) return location;
      this.leave(word);
      location = current;
    }
  }

  lockClassOf(cell: WordIndex): number {
    return lockClassByHint(this.host, this, cell);
  }

  moveBegin(): void {}

  moveEnd(): void {}

  isMoveContended(): boolean {
    return false;
  }

  publish(cell: WordIndex, location: Location): void {
    // order: release, pairs with readBegin. Whoever sees the new location sees the bytes that were copied to it.
    Atomics.store(this.words, cell, location);
  }
}

/** The same with the zspage locks of `OwnLines`. */
export class OwnLinesStrategy extends ValidatingStrategy {
  override readonly recovery: StrategyRecovery | undefined;
  private readonly ownLines: OwnLines;
  /** For holds, which stay long: slots are few. */
  private readonly counting: ValidatingStrategy;

  constructor(host: StrategyHost, mutex: Mutex, zspageLock: RecoverableRwLock) {
    super(host, mutex, zspageLock);
    this.counting = new ValidatingStrategy(host, mutex, zspageLock);
    const ownLines = new OwnLines(host, zspageLock, { slots: host.agentBase, agentsHigh: host.poolBase });
    this.ownLines = ownLines;
    const counted = this.recoveryWith(undefined);
    this.recovery = counted && {
      ...counted,
      bury: (dead) => {
        ownLines.bury(dead);
        return true;
      },
      marksOf: (dead) => ownLines.marksOf(dead),
    };
  }

  protected override enter(word: WordIndex): void {
    this.ownLines.enter(word);
  }

  protected override leave(word: WordIndex): void {
    this.ownLines.leave(word);
  }

  override holdBegin(cell: WordIndex): Location {
    return this.counting.holdBegin(cell);
  }

  override holdEnd(zspage: ZspageIndex): void {
    this.counting.holdEnd(zspage);
  }

  override relocateBegin(zspage: ZspageIndex): boolean {
    return this.ownLines.tryWriteLock(this.zspageWord(zspage));
  }
}
