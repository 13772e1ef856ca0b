// A strategy whose readers take no lock: frees and moves retire, and what was retired is reclaimed after a grace period.
//
// LOCK ORDER   class > hold (tried)
//
// RULES
//   1. A reader pins and loads the cell. A mover copies, publishes and retires; readers do not stop it.
//   2. A writer in place, and a holder, shut movers out: they lock the zspage's hold, and look at the cell again.
//   3. A free helps: it advances EPOCH and reclaims in its class. A mover does not, it is in the middle of that.

import { CELL_RETIRED, PLACE_MOVED, lockClassByHint, retrySoon } from '@zsmalloc/core/strategy';
import type {
  BoundStrategy,
  Capabilities,
  Location,
  Mutex,
  PageIndex,
  Strategy,
  StrategyHost,
  TryRwLock,
  ZspageIndex,
} from '@zsmalloc/core/strategy';
import { backOff } from '@zsmalloc/core/words';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import { Epochs } from './epochs.ts';
import { LOCK, Limbo, ZSPAGE } from './limbo.ts';
import { misused } from './misuse.ts';
import { CounterLock, SpinMutex } from './spin-locks.ts';

/** Rounds that an agent waits for readers when the pool is full. With yields of up to 1 ms, some 100 ms. */
const PRESS_ROUNDS = 200;

/** See the head of the file. */
export class Deferring implements BoundStrategy {
  protected readonly host: StrategyHost;
  protected readonly words: Words;
  protected readonly epochs: Epochs;
  protected readonly limbo: Limbo;
  protected readonly mutex: Mutex;
  protected readonly holds: TryRwLock;

  constructor(host: StrategyHost) {
    this.host = host;
    this.words = host.agent.words;
    this.epochs = this.makeEpochs(host);
    this.limbo = this.makeLimbo(host, this.epochs);
    this.mutex = new SpinMutex(host.agent);
    this.holds = new CounterLock(host.agent);
  }

  protected makeEpochs(host: StrategyHost): Epochs {
    return new Epochs(host);
  }

  protected makeLimbo(host: StrategyHost, epochs: Epochs): Limbo {
    return new Limbo(host, epochs);
  }

  readBegin(cell: WordIndex): Location {
    this.epochs.pin();
    // order: acquire, pairs with publish and retireObject. Behind the pin: it is not reclaimed before unpin.
    const location = Atomics.load(this.words, cell);
    if (this.host.isLocation(location)) return location;
    this.epochs.unpin();
    return 0;
  }

  readEnd(_zspage: ZspageIndex): void {
    this.epochs.unpin();
  }

  writeBegin(cell: WordIndex): Location {
    for (;;) {
      // order: acquire, pairs with publish and with the class lock of malloc.
      const location = Atomics.load(this.words, cell);
      if (!this.host.isLocation(location)) return 0;
      const word = this.holdWord(this.host.zspageOf(location));
      this.holds.readLock(word);
      // order: acquire, pairs with publish and retireObject. Equal: it does not move, and is not reclaimed, from here on.
      if (Atomics.load(this.words, cell) === location) return location;
      this.holds.readUnlock(word);
    }
  }

  writeEnd(zspage: ZspageIndex): void {
    this.holds.readUnlock(this.holdWord(zspage));
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
    this.mutex.lock(this.limbo.lockWord(index));
  }

  tryLock(index: number): boolean {
    return this.mutex.tryLock(this.limbo.lockWord(index));
  }

  unlock(index: number): void {
    this.mutex.unlock(this.limbo.lockWord(index));
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
    // Plain: cells of a class change under its lock only.
    if (this.words[cell] !== location) throw misused('retire an object that is not there', cell, this.host.agent.index);
    // order: release, pairs with readBegin and writeBegin. Who comes after this finds no object.
    Atomics.store(this.words, cell, CELL_RETIRED);
    this.limbo.retireSlot(location, 0, this.epochs.sample());
    this.epochs.advance();
    this.limbo.reclaim(this.host.classOf(location));
  }

  retirePlace(location: Location): void {
    this.limbo.retireSlot(location, PLACE_MOVED, this.epochs.sample());
  }

  retirePage(page: PageIndex): void {
    this.limbo.retirePage(page, this.epochs.sample());
  }

  reclaim(pressing: boolean): number {
    let gained = this.sweep();
    const waits = pressing && this.host.agent.mayBlock && this.epochs.open === 0;
    for (let round = 0; waits && gained === 0 && this.hasGarbage() && round < PRESS_ROUNDS; round++) {
      backOff(this.host.agent, round, 'end of the grace period');
      gained = this.sweep();
    }
    return gained;
  }

  retryLater(): Promise<void> {
    return retrySoon();
  }

  detach(): void {}

  protected sweep(): number {
    this.epochs.advance();
    this.epochs.advance();
    let gained = 0;
    for (let index = 0; index < this.host.lockCount - 2; index++) {
      // A hint: what it misses waits for the next sweep.
      if (this.limbo.isEmpty(index) || !this.tryLock(index)) continue;
      gained += this.limbo.reclaim(index);
      this.unlock(index);
    }
    this.host.releaseReclaimed();
    return gained;
  }

  protected holdWord(zspage: ZspageIndex): WordIndex {
    return this.limbo.record(zspage) + ZSPAGE.hold;
  }

  private hasGarbage(): boolean {
    for (let index = 0; index < this.host.lockCount - 2; index++) if (!this.limbo.isEmpty(index)) return true;
    return false;
  }
}

const CAPABILITIES: Capabilities = {
  holdAcrossAwait: true,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: true,
  concurrentReads: true,
  relocatesBesideReaders: true,
  fairness: 'none',
  robust: false,
};

/** A strategy of epochs. */
export function deferring(id: string, pool: new (host: StrategyHost) => BoundStrategy = Deferring): Strategy {
  return {
    id,
    version: 1,
    capabilities: CAPABILITIES,
    words: { pool: 1, lock: LOCK.words, zspage: ZSPAGE.words, agent: 1 },
    bind: (host) => new pool(host),
  };
}
