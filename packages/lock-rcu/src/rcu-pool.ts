// The RCU strategies' side of a pool: what `rcu`, `rcuTurn` and `rcuSynchronize` share.
//
// LOCK ORDER   class > hold (tried) ; class > handles > pages. No pool lock, and readers take none.
//   class    spinMutex, as in every strategy: lists, counters, cells, and the limbo list of the class
//   hold     preemptibleAtomicLock of a zspage, under core's OwnLines: holders and in-place writers read it, movers try it
//
// RULES
//   1. A reader pins, then loads the cell. What the cell names stays as it is until the section ends: nothing that was
//      unlinked meanwhile is reclaimed.
//   2. A mover copies, publishes, and retires the old place. It looks at the hold lock only, so readers do not stop it,
//      nor it them.
//   3. An in-place writer shuts movers out: a write to a place that has been copied would be lost. It locks by the cell's
//      hint and looks at the cell again. The lock it gets so is some zspage's lock, as records of zspages stay that.
//   4. A hold is the same as a write, and may last: it keeps its zspage from moving and its garbage from being
//      reclaimed, and nothing else.
//   5. A free unlinks (the cell says RETIRED) and retires. Slot, handle and zspage are reused after the grace period.
//   6. While a page of a zspage is in limbo, its movers are told that it is busy: one retired page fits its record.
//   7. Who holds or writes marks that on its own line, or says that it is counted (core's ReadTable): it may die. A
//      retired cell keeps the object's place, by which whoever recovers knows what it belongs to: limbo lists are built anew.
//   8. Retiring never fails, never waits and allocates nothing. It helps to reclaim: ladder.ts. A mover does not help:
//      it is in the middle of lists that reclaiming changes.

import { CELL_RETIRED, lockClassByHint, retrySoon } from '@zsmalloc/core/strategy';
import type {
  BoundStrategy,
  Location,
  Mutex,
  OwnLines,
  PageIndex,
  StrategyHost,
  StrategyRecovery,
  ZspageIndex,
} from '@zsmalloc/core/strategy';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import { spinMutex } from '@zsmalloc/lock-spin';
import type { Epochs } from './epochs.ts';
import { Ladder } from './ladder.ts';
import { OBJECT, PLACE } from './limbo.ts';
import type { Limbo } from './limbo.ts';
import { retiredTwice } from './misuse.ts';
import { Reclaimer } from './reclaimer.ts';
import { Reclamation } from './reclamation.ts';
import { rcuRecovery } from './recovery.ts';
import { ZSPAGE } from './records.ts';

const LOCATION_MAX = CELL_RETIRED - 1;

/** See the head of the file. */
export class RcuPool implements BoundStrategy {
  /** For `reclamationOf`. */
  readonly reclamation: Reclamation;
  readonly recovery: StrategyRecovery;
  protected readonly host: StrategyHost;
  protected readonly epochs: Epochs;
  protected readonly limbo: Limbo;
  private readonly words: Words;
  private readonly mutex: Mutex;
  private readonly holds: OwnLines;
  protected readonly reclaimer: Reclaimer;
  private readonly ladder: Ladder;

  constructor(host: StrategyHost, epochs: Epochs, limbo: Limbo) {
    this.host = host;
    this.words = host.agent.words;
    this.epochs = epochs;
    this.limbo = limbo;
    this.mutex = spinMutex.bind(host.agent);
    this.holds = limbo.holds;
    this.reclaimer = new Reclaimer(host, this.mutex, epochs, limbo);
    this.ladder = new Ladder(host, epochs, limbo, this.reclaimer);
    this.reclamation = new Reclamation(host, epochs, this.ladder, () => this.reclaim(false));
    this.recovery = rcuRecovery({ host, epochs, limbo, mutex: this.mutex, holds: this.holds });
  }

  readBegin(cell: WordIndex): Location {
    this.epochs.pin();
    // order: acquire, pairs with publish and retireObject. Behind the pin: what it names is not reclaimed before unpin.
    const location = Atomics.load(this.words, cell);
    // One comparison for both ends: 0 becomes the largest number.
    if ((location - 1) >>> 0 < LOCATION_MAX) return location;
    this.epochs.unpin();
    return 0;
  }

  readEnd(_zspage: ZspageIndex): void {
    this.epochs.unpin();
  }

  /** A section protects whatever is found in it. */
  readNext(cell: WordIndex, _zspage: ZspageIndex): Location {
    // order: acquire, pairs with publish and retireObject. As in readBegin.
    const location = Atomics.load(this.words, cell);
    return (location - 1) >>> 0 < LOCATION_MAX ? location : 0;
  }

  writeNext(cell: WordIndex, zspage: ZspageIndex): Location {
    const { words, host } = this;
    // A hint: plain and possibly stale, and so is its zspage.
    const location = words[cell]!;
    if (!host.isLocation(location) || host.zspageOf(location) !== zspage) return 0;
    // order: acquire, pairs with publish and retireObject. Equal: no page leaves a zspage that somebody writes in, so the
    // hint's zspage still is the object's.
    return Atomics.load(words, cell) === location ? location : 0;
  }

  writeBegin(cell: WordIndex): Location {
    const { words, host, holds } = this;
    // A hint: plain and possibly stale. What decides is the atomic load under the hold lock.
    let location = words[cell]!;
    for (;;) {
      if (!host.isLocation(location)) {
        // order: acquire, pairs with publish and with the class lock of malloc. The hint said "no object".
        location = Atomics.load(words, cell);
        if (!host.isLocation(location)) return 0;
      }
      const word = this.holdWord(host.zspageOf(location));
      holds.enter(word);
      // order: acquire, pairs with publish and retireObject. Equal: no mover can have the zspage from here on, and what is
      // freed from here on is not reclaimed before the end.
      const current = Atomics.load(words, cell);
      if (current === location) return location;
      holds.leave(word);
      location = current;
    }
  }

  writeEnd(zspage: ZspageIndex): void {
    this.holds.leave(this.holdWord(zspage));
  }

  holdBegin(cell: WordIndex): Location {
    return this.writeBegin(cell);
  }

  holdEnd(zspage: ZspageIndex): void {
    this.writeEnd(zspage);
  }

  lockClassOf(cell: WordIndex): number {
    return lockClassByHint(this.host, this, cell);
  }

  lock(index: number): void {
    const word = this.limbo.lockWord(index);
    if (this.mutex.tryLock(word)) return;
    // Whoever waits with a section open stops EPOCH: a turn's section that no read needs ends here.
    this.epochs.quiescent();
    this.mutex.lock(word);
  }

  tryLock(index: number): boolean {
    return this.mutex.tryLock(this.limbo.lockWord(index));
  }

  unlock(index: number): void {
    this.mutex.unlock(this.limbo.lockWord(index));
    this.ladder.unlocked();
  }

  isContended(index: number): boolean {
    return this.mutex.isContended(this.limbo.lockWord(index));
  }

  moveBegin(): void {}

  moveEnd(): void {}

  isMoveContended(): boolean {
    return false;
  }

  relocateBegin(zspage: ZspageIndex): boolean {
    return !this.limbo.hasPage(zspage) && this.holds.tryWriteLock(this.holdWord(zspage));
  }

  relocateEnd(zspage: ZspageIndex): void {
    this.holds.writeUnlock(this.holdWord(zspage));
  }

  publish(cell: WordIndex, location: Location): void {
    // order: release, pairs with readBegin and writeBegin. Whoever sees the new place sees the bytes copied to it.
    Atomics.store(this.words, cell, location);
  }

  retireObject(cell: WordIndex, location: Location): void {
    const { words, limbo } = this;
    // Plain: cells of a class change under its lock only.
    if (words[cell] !== location) throw retiredTwice(cell, words[cell]!);
    // order: release, pairs with readBegin and writeBegin. Unlinked: who comes after this finds no object.
    Atomics.store(words, cell, CELL_RETIRED | location);
    const epoch = this.epochs.sample();
    limbo.retireSlot(location, OBJECT, epoch);
    this.ladder.retired(this.host.classOf(location), epoch);
  }

  retirePlace(location: Location): void {
    this.limbo.retireSlot(location, PLACE, this.epochs.sample());
  }

  retirePage(page: PageIndex): void {
    this.limbo.retirePage(page, this.epochs.sample());
  }

  reclaim(pressing: boolean): number {
    let gained = this.reclaimer.sweep();
    if (pressing && gained === 0) {
      this.ladder.watch();
      gained = this.reclaimer.press();
      this.ladder.watch();
    }
    this.host.releaseReclaimed();
    return gained;
  }

  retryLater(): Promise<void> {
    return retrySoon();
  }

  detach(): void {
    this.epochs.quiescent();
  }

  private holdWord(zspage: ZspageIndex): WordIndex {
    return this.limbo.record(zspage) + ZSPAGE.at.hold;
  }
}
