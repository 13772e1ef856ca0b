// A strategy for tests: one thread, no waiting, and every rule of the lock order checked as it is used.
//
// All agents of a test live in one thread, so a lock that is taken can never come free while somebody waits for it:
// waiting is a mistake and throws. `refuseAt` makes chosen acquisitions fail the way a contended lock would.
//
// RULES
//   1. Pool > class > zspage; class > handles > pages. A try is exempt from the order, not from the balance.
//   2. Two class locks are held together only under the move lock, in ascending order.
//   3. A reader waits for a zspage while it holds no structure lock.

import { ZsmallocError } from '../src/errors.ts';
import { lockBased } from '../src/strategy/lock-based.ts';
import type { Capabilities, Strategy, StrategyHost } from '../src/strategy/contract.ts';
import type { LockKind, Mutex, RwLock, TryRwLock } from '../src/strategy/locks.ts';
import type { WordIndex, Words } from '../src/words/agent.ts';

/** What a checked lock throws when it is used against its rules; core must never cause it. */
export class LockMisuse extends Error {
  override readonly name = 'LockMisuse';
}

const WRITER: number = 2 ** 30;

/** Kinds of acquisition that may be refused. */
export type Acquisition = 'structure' | 'pool read' | 'pool write' | 'zspage read' | 'zspage write';

/** One agent's record of what it holds. */
export class Ledger {
  readonly host: StrategyHost;
  /** Structure locks held, in the order in which they were taken. */
  readonly held: number[] = [];
  poolReads = 0;
  poolWrites = 0;
  zspageWrites = 0;
  readonly zspageReads: Map<WordIndex, number> = new Map();

  constructor(host: StrategyHost) {
    this.host = host;
  }

  get reads(): number {
    let total = 0;
    for (const count of this.zspageReads.values()) total += count;
    return total;
  }

  /** Throws when the agent holds anything but `reads` readers. */
  expectIdle(reads: number, after: string): void {
    const { held, poolReads, poolWrites, zspageWrites } = this;
    if (held.length + poolReads + poolWrites + zspageWrites > 0 || this.reads !== reads) {
      throw new LockMisuse(
        `after ${after}: structure locks [${held.join()}], pool ${poolReads} read ${poolWrites} write, zspages ${this.reads} read (expected ${reads}) ${zspageWrites} write`,
      );
    }
  }
}

export interface SoloCapabilities extends Capabilities {
  readonly holdAcrossAwait: true;
}

/** A strategy and what it has recorded. */
export interface SoloStrategy extends Strategy<SoloCapabilities> {
  /** One per attached agent, in the order of attaching. */
  readonly ledgers: Ledger[];
  /** Acquisitions, refused ones included, since the test last set it to 0. */
  acquisitions: number;
  /** Acquisitions by kind. */
  readonly counts: Record<Acquisition, number>;
  /** Asked at each acquisition: true refuses it. The number counts from 1 since `acquisitions` was set to 0. */
  refuse: (nth: number, kind: Acquisition, index: number) => boolean;
  /** What isContended says. */
  contended: boolean;
  readonly mutex: LockKind<Mutex>;
  readonly zspage: LockKind<TryRwLock>;
  readonly pool: LockKind<RwLock>;
}

export interface SoloOptions {
  readonly id?: string;
  readonly version?: number;
  /** False: lock first, validate after. */
  readonly poolLock?: boolean;
  readonly holdAcrossAwait?: boolean;
}

export function soloStrategy(options: SoloOptions = {}): SoloStrategy {
  const { id = 'solo', version = 1, poolLock = true, holdAcrossAwait = true } = options;
  const locks = new SoloLocks();
  const base = lockBased<SoloCapabilities>({
    id,
    version,
    capabilities: {
      holdAcrossAwait: holdAcrossAwait as true,
      parks: false,
      worksWithoutBlocking: true,
      freeDuringRead: false,
      concurrentReads: false,
      relocatesBesideReaders: false,
      fairness: 'none',
      robust: false,
    },
    structure: locks.mutex,
    zspage: locks.zspage,
    ...(poolLock ? { pool: locks.pool } : {}),
  });
  return Object.assign(locks, base, {
    bind: (host: StrategyHost) => {
      locks.ledgers.push(new Ledger(host));
      return base.bind(host);
    },
  });
}

class SoloLocks {
  readonly ledgers: Ledger[] = [];
  acquisitions = 0;
  readonly counts: Record<Acquisition, number> = {
    structure: 0,
    'pool read': 0,
    'pool write': 0,
    'zspage read': 0,
    'zspage write': 0,
  };
  contended = false;

  readonly mutex: LockKind<Mutex> = {
    words: 1,
    bind: ({ words }) => {
      const ledger = this.newest();
      const index = (word: WordIndex): number => (word - ledger.host.lockBase) / ledger.host.lockStride;
      const take = (word: WordIndex): void => {
        this.check(words[word] === 0, 'a structure lock taken twice', word);
        words[word] = ledger.host.agent.index;
        ledger.held.push(index(word));
      };
      return {
        lock: (word) => {
          this.ask('structure', index(word), ledger);
          this.checkOrder(ledger, index(word));
          take(word);
        },
        tryLock: (word) => {
          if (this.refused('structure', index(word)) || words[word] !== 0) return false;
          take(word);
          return true;
        },
        unlock: (word) => {
          const at = ledger.held.indexOf(index(word));
          this.check(
            at >= 0 && words[word] === ledger.host.agent.index,
            'a structure lock unlocked that was not held',
            word,
          );
          words[word] = 0;
          ledger.held.splice(at, 1);
        },
        isContended: () => this.contended,
      };
    },
  };

  readonly zspage: LockKind<TryRwLock> = { words: 1, bind: ({ words }) => this.bindZspage(words, this.newest()) };

  readonly pool: LockKind<RwLock> = {
    words: 1,
    bind: ({ words }) => {
      const ledger = this.newest();
      const readLock = (word: WordIndex): void => {
        this.ask('pool read', 0, ledger);
        this.check(words[word]! < WRITER, 'a lookup while objects move', word);
        this.check(ledger.held.length === 0, 'the pool lock taken under a structure lock', word);
        words[word]! += 1;
        ledger.poolReads++;
      };
      return {
        readLock,
        tryReadLock: (word) => words[word]! < WRITER && (readLock(word), true),
        readUnlock: (word) => {
          this.check(ledger.poolReads > 0, 'a pool read that was not open', word);
          words[word]! -= 1;
          ledger.poolReads--;
        },
        writeLock: (word) => {
          this.ask('pool write', 0, ledger);
          this.check(words[word] === 0, 'the pool lock taken for writing while it is taken', word);
          this.check(ledger.held.length === 0, 'the pool lock taken under a structure lock', word);
          words[word] = WRITER;
          ledger.poolWrites++;
        },
        tryWriteLock: (word) => words[word] === 0 && ((words[word] = WRITER), ledger.poolWrites++, true),
        writeUnlock: (word) => {
          this.check(ledger.poolWrites === 1 && words[word] === WRITER, 'a pool write that was not open', word);
          words[word] = 0;
          ledger.poolWrites--;
        },
        isContended: () => this.contended,
      };
    },
  };

  refuse: (nth: number, kind: Acquisition, index: number) => boolean = () => false;

  private bindZspage(words: Words, ledger: Ledger): TryRwLock {
    const enter = (word: WordIndex): void => {
      words[word]! += 1;
      ledger.zspageReads.set(word, (ledger.zspageReads.get(word) ?? 0) + 1);
    };
    return {
      readLock: (word) => {
        this.ask('zspage read', word, ledger);
        this.check(words[word]! < WRITER, 'a reader that waits for a mover', word);
        this.check(ledger.held.length === 0, 'a zspage waited for under a structure lock', word);
        enter(word);
      },
      tryReadLock: (word) => words[word]! < WRITER && (enter(word), true),
      readUnlock: (word) => {
        const reads = ledger.zspageReads.get(word) ?? 0;
        this.check(reads > 0 && words[word]! > 0 && words[word]! < WRITER, 'a zspage left that was not entered', word);
        words[word]! -= 1;
        ledger.zspageReads.set(word, reads - 1);
      },
      tryWriteLock: (word) => {
        this.check(
          ledger.held.some((index) => index < ledger.host.lockCount - 2),
          'a zspage shut without its class lock',
          word,
        );
        if (this.refused('zspage write', word) || words[word] !== 0) return false;
        words[word] = WRITER;
        ledger.zspageWrites++;
        return true;
      },
      writeUnlock: (word) => {
        this.check(words[word] === WRITER && ledger.zspageWrites > 0, 'a zspage opened that was not shut', word);
        words[word] = 0;
        ledger.zspageWrites--;
      },
    };
  }

  /** The ledger of the agent that is being bound: bind runs to its end before the next one starts. */
  private newest(): Ledger {
    return this.ledgers.at(-1)!;
  }

  private checkOrder(ledger: Ledger, index: number): void {
    const last = Math.max(-1, ...ledger.held);
    const classes = ledger.host.lockCount - 2;
    this.check(index > last, `structure lock ${index} taken under ${last}`, index);
    this.check(index >= classes || ledger.zspageWrites === 0, 'a class lock waited for under a zspage', index);
    const secondClass = index < classes && last >= 0;
    this.check(
      !secondClass || ledger.poolWrites === 1 || ledger.host.poolBase === ledger.host.lockBase,
      'two class locks without the move lock',
      index,
    );
  }

  private refused(kind: Acquisition, index: number): boolean {
    this.acquisitions++;
    this.counts[kind]++;
    return this.refuse(this.acquisitions, kind, index);
  }

  private ask(kind: Acquisition, index: number, ledger: Ledger): void {
    if (!this.refused(kind, index)) return;
    this.check(!ledger.host.agent.mayBlock, 'a refusal planned for an agent that may block', index);
    throw new ZsmallocError('ERR_ZS_WOULD_BLOCK', `cannot get the ${kind} lock ${index}: the test refuses it.`, {
      index,
    });
  }

  private check(holds: boolean, what: string, word: number): void {
    if (!holds) throw new LockMisuse(`${what} (${word})`);
  }
}
