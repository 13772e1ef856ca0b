// One lock in a model memory, for the explorer: the shipping code, with three agents at most and no rounds of spinning.

import { ModelMemory, explore } from '../../explorer/dist/index.js';
import type { ExploreOptions, ExploreResult, ThreadContext } from '../../explorer/dist/index.js';
import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { Agent } from '@zsmalloc/core/words';
import { ASYNC, FOR_WRITE, GRANTED, HEAD, NODES, PARKED, ParkingLot } from '../src/lot.ts';
import { AGENT_WORDS, BUCKET_WORDS, HEAD_WORDS, NODE, NODE_WORDS } from '../src/lot.ts';
import { LockQueue } from '../src/queue.ts';
import { RwsemRecovery } from '../src/recovery.ts';
import { Rwsem } from '../src/rwsem.ts';

const AGENTS = 4;
/** Agents whose nodes an heir looks at: each is some more steps, in which nothing happens. */
const HEIRS_AGENTS = 3;
const PLACE = {
  head: 0,
  buckets: HEAD_WORDS,
  bucketCount: 1,
  agents: HEAD_WORDS + BUCKET_WORDS,
  agentStride: AGENT_WORDS,
};
export const LOCK = PLACE.agents + (AGENTS + 1) * AGENT_WORDS;
/** Words that only the lock protects: every access is plain, so the race detector judges the lock. */
export const DATA = LOCK + 1;
export const WORDS: number = LOCK + 4;

export type QueueClass = new (lot: ParkingLot, handoffAfter?: number) => LockQueue;
export type RwsemClass = new (...args: ConstructorParameters<typeof Rwsem>) => Rwsem;

export interface Subject {
  readonly queue?: QueueClass;
  readonly rwsem?: RwsemClass;
  readonly lot?: new (...args: ConstructorParameters<typeof ParkingLot>) => ParkingLot;
  readonly handoffAfter?: number;
}

/** Waits for bucket locks instead of trying a thousand times, which would be a thousand schedules of the same meaning. */
class PatientHeir extends RwsemRecovery {
  protected override takeBucket(bucket: number): boolean {
    this.lot.lockBucket(bucket);
    return true;
  }
}

/** One agent's side, made anew on each entry of a thread body: bodies are replayed from the start. */
export class Side {
  readonly words: Int32Array;
  readonly locks: Rwsem;
  readonly queue: LockQueue;
  readonly lot: ParkingLot;

  constructor({ memory, id }: ThreadContext, subject: Subject) {
    this.words = memory.int32;
    const agent: Agent = {
      words: this.words,
      index: id + 1,
      spin: { yieldAfter: Infinity, refuseAfter: 0 },
      mayBlock: true,
    };
    this.lot = new (subject.lot ?? ParkingLot)(agent, PLACE);
    this.queue = new (subject.queue ?? LockQueue)(this.lot, subject.handoffAfter);
    this.locks = new (subject.rwsem ?? Rwsem)(this.lot, { cores: 8, rounds: 0 }, this.queue);
  }

  look(): number {
    const first = this.words[DATA]!;
    const second = this.words[DATA + 1]!;
    if (first !== second) throw new Error(`a reader saw ${first} and ${second}`);
    return first;
  }

  change(): void {
    this.words[DATA] = this.words[DATA]! + 1;
    this.words[DATA + 1] = this.words[DATA + 1]! + 1;
  }

  /** What AsyncWaits does, as one thread: its event loop is a wait on the park word of an async node. */
  lockAsync(flags: number): void {
    const node = this.lot.takeNode();
    if (this.queue.enter(LOCK, node, flags | ASYNC)) return;
    do Atomics.wait(this.words, this.lot.parkWord(node), PARKED);
    while (!this.queue.retry(LOCK, node));
  }

  /** What an heir does last after a death, at any time: it wakes everybody who sleeps. */
  wakeAll(): void {
    const host = { agentsMax: HEIRS_AGENTS, poolBase: LOCK, lockCount: 0, lockBase: LOCK, lockStride: 1 };
    new PatientHeir(this.lot, host as StrategyHost).wakeAll();
  }

  /** Waits for no time at all: the grant, if there is one, races with the end of the wait. */
  lockBriefly(flags: number): boolean {
    const node = this.lot.ownNode;
    return this.queue.enter(LOCK, node, flags) || this.queue.leave(LOCK, node);
  }

  /** The same for an async wait, which an abort signal may end at any point. */
  lockAsyncBriefly(flags: number): boolean {
    const node = this.lot.takeNode();
    return this.queue.enter(LOCK, node, flags | ASYNC) || this.queue.leave(LOCK, node);
  }
}

export type Role = (side: Side) => unknown;

export const ROLES: Record<string, Role> = {
  R: (side) => {
    side.locks.readLock(LOCK);
    side.look();
    side.locks.readUnlock(LOCK);
  },
  W: (side) => {
    side.locks.writeLock(LOCK);
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
  /** Writes twice: the second time it may expect the lock to be busy. */
  B: (side) => {
    for (let i = 0; i < 2; i++) {
      side.locks.writeLock(LOCK);
      side.change();
      side.locks.writeUnlock(LOCK);
    }
    return 2;
  },
  /** Writes, then reads on without letting another writer in between. */
  D: (side) => {
    side.locks.writeLock(LOCK);
    side.change();
    const mine = side.words[DATA]!;
    side.locks.downgrade(LOCK);
    if (side.look() !== mine) throw new Error('a writer got in during the downgrade');
    side.locks.readUnlock(LOCK);
    return 1;
  },
  /** Reads, and writes if it is the only reader. */
  U: (side) => {
    side.locks.readLock(LOCK);
    const seen = side.look();
    if (!side.locks.tryUpgrade(LOCK)) {
      side.locks.readUnlock(LOCK);
      return 0;
    }
    if (side.look() !== seen) throw new Error('a writer got in during the upgrade');
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
  t: (side) => {
    if (!side.locks.tryReadLock(LOCK)) return 0;
    side.look();
    side.locks.readUnlock(LOCK);
    return 0;
  },
  T: (side) => {
    if (!side.locks.tryWriteLock(LOCK)) return 0;
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
  /** Timed waits that run out. */
  c: (side) => {
    if (!side.lockBriefly(0)) return 0;
    side.look();
    side.locks.readUnlock(LOCK);
    return 0;
  },
  C: (side) => {
    if (!side.lockBriefly(FOR_WRITE)) return 0;
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
  /** Has recovered from a death. */
  H: (side) => side.wakeAll(),
  /** Async waits, and async waits that are aborted. */
  a: (side) => {
    side.lockAsync(0);
    side.look();
    side.locks.readUnlock(LOCK);
  },
  A: (side) => {
    side.lockAsync(FOR_WRITE);
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
  x: (side) => {
    if (!side.lockAsyncBriefly(0)) return 0;
    side.look();
    side.locks.readUnlock(LOCK);
    return 0;
  },
  X: (side) => {
    if (!side.lockAsyncBriefly(FOR_WRITE)) return 0;
    side.change();
    side.locks.writeUnlock(LOCK);
    return 1;
  },
};

/**
 * Explores agents with the given roles, one letter each.
 * Afterwards every change must be there, the lock free, its queue empty, and no wait ended by a rescue.
 */
export function exploreRoles(
  roles: string,
  options: Partial<ExploreOptions> = {},
  subject: Subject = {},
): ExploreResult {
  const memory = new ModelMemory(Math.ceil(WORDS / 2) * 8);
  const letters = [...roles];
  return explore({
    memory,
    threads: Object.fromEntries(
      letters.map((letter, i) => [`${letter}${i}`, (context) => ROLES[letter]!(new Side(context, subject))]),
    ),
    symmetric: [...new Set(letters)]
      .map((letter) => letters.flatMap((other, i) => (other === letter ? [`${letter}${i}`] : [])))
      .filter((group) => group.length > 1),
    check: ({ results }) => {
      const words = memory.int32;
      const changes = results.reduce<number>((sum, result) => sum + ((result as number | undefined) ?? 0), 0);
      if (words[DATA] !== changes) throw new Error(`${words[DATA]} changes are there, not ${changes}`);
      if (words[LOCK] !== 0) throw new Error(`the lock word was left at ${words[LOCK]}`);
      if (words[PLACE.buckets + 1] !== 0) throw new Error('a node was left in the queue');
      for (let node = NODES; node < (AGENTS + 1) * NODES; node++) {
        const park = PLACE.agents + Math.floor(node / NODES) * AGENT_WORDS + (node % NODES) * NODE_WORDS + NODE.park;
        if (words[park] === GRANTED) throw new Error(`node ${node} was left with a grant`);
      }
      if (words[PLACE.head + HEAD.rescues] !== 0) throw new Error('a wait was ended by a rescue');
    },
    ...options,
  } as ExploreOptions);
}
