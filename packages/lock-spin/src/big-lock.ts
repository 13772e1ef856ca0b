// Strategy `bigLock`: one spin mutex for everything, the baseline that the others are measured against.
//
// STATE   `depth` sections of this agent are open, `reads` of them are reads, writes or holds: 0 <= reads <= depth.
//         The mutex is held by this agent exactly while depth > 0.
//
// RULES
//   1. The mutex does not nest, sections do: user code inside a read may call malloc. Only the outermost takes the mutex.
//   2. Sections of one agent exclude nobody but other agents. So a mover asks `reads`: what the caller of a read sees
//      must not move while it calls compact.
//   3. Every access to a cell is inside a section; plain accesses suffice.
//   4. The mutex names its holder, dead or alive. Readers are holders, so nothing is counted.
//
// Source: the single pool lock of Linux mm/zsmalloc.c in 2022.

import { ReclaimsAtOnce } from '@zsmalloc/core/strategy';
import type {
  HeldByOne,
  Location,
  Mutex,
  Strategy,
  StrategyHost,
  StrategyRecovery,
  ZspageIndex,
} from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { BIG_LOCK_CAPABILITIES } from './capabilities.ts';
import type { BigLockCapabilities } from './capabilities.ts';
import { spinMutex } from './mutex.ts';

/**
 * One spin mutex for the whole pool: reads exclude each other, and a read keeps every other agent out.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 */
export const bigLock: Strategy<BigLockCapabilities> = {
  id: 'bigLock',
  version: 1,
  capabilities: BIG_LOCK_CAPABILITIES,
  words: { pool: spinMutex.words, lock: 0, zspage: 0, agent: 0 },
  bind: (host) => new BigLock(host),
};

class BigLock extends ReclaimsAtOnce {
  override readonly recovery: StrategyRecovery;
  private readonly mutex: Mutex;
  private readonly word: WordIndex;
  private depth = 0;
  private reads = 0;

  constructor(host: StrategyHost) {
    super(host);
    this.mutex = spinMutex.bind(host.agent);
    this.word = host.poolBase;
    this.recovery = recoveryOf(this.mutex.recovery!, this.word);
  }

  readBegin(cell: WordIndex): Location {
    this.enter();
    const location = this.words[cell]!;
    if (!this.host.isLocation(location)) {
      this.leave();
      return 0;
    }
    this.reads++;
    return location;
  }

  readEnd(_zspage: ZspageIndex): void {
    this.leave();
    this.reads--;
  }

  readNext(cell: WordIndex): Location {
    const location = this.words[cell]!;
    return this.host.isLocation(location) ? location : 0;
  }

  writeNext(cell: WordIndex): Location {
    return this.readNext(cell);
  }

  lockClassOf(cell: WordIndex): number {
    this.enter();
    const location = this.words[cell]!;
    const classIndex = this.host.isLocation(location) ? this.host.classOf(location) : -1;
    if (classIndex < 0) this.leave();
    return classIndex;
  }

  lock(_index: number): void {
    this.enter();
  }

  tryLock(_index: number): boolean {
    if (this.depth === 0 && !this.mutex.tryLock(this.word)) return false;
    this.depth++;
    return true;
  }

  unlock(_index: number): void {
    this.leave();
  }

  isContended(_index: number): boolean {
    return this.mutex.isContended(this.word);
  }

  moveBegin(): void {
    this.enter();
  }

  moveEnd(): void {
    this.leave();
  }

  isMoveContended(): boolean {
    return this.mutex.isContended(this.word);
  }

  relocateBegin(_zspage: ZspageIndex): boolean {
    return this.reads === 0;
  }

  relocateEnd(_zspage: ZspageIndex): void {}

  publish(cell: WordIndex, location: Location): void {
    this.words[cell] = location;
  }

  private enter(): void {
    if (this.depth === 0) this.mutex.lock(this.word);
    this.depth++;
  }

  /** With no section open the mutex throws ERR_ZS_LOCK_MISUSE, and nothing has changed. */
  private leave(): void {
    if (this.depth <= 1) this.mutex.unlock(this.word);
    this.depth--;
  }
}

function recoveryOf(mutex: HeldByOne, word: WordIndex): StrategyRecovery {
  return {
    oneLock: true,
    bury: () => true,
    holderOf: () => mutex.holderOf(word),
    releaseFor: (_index, dead) => mutex.releaseFor(word, dead),
    // These are sections of the one mutex: whoever holds it holds all structure locks.
    moverOf: () => 0,
    releaseMoveFor: () => {},
    relocatorOf: () => 0,
    releaseRelocationFor: () => {},
    countedLock: () => undefined,
    wakeAll: () => {},
  };
}
