// The contract between core and a lock strategy: intents, not lock types.
//
// Core is written in publish/retire form, which is right for RCU and therefore right for all: change under the class
// lock, copy, publish the handle's cell, retire the old place. Core asks for capabilities and never for a name.
//
// LOCK ORDER   pool > class > zspage; class > handles > pages. A try is exempt.
//   pool     lookup of a handle against movers (a strategy may have none)
//   class    lists, counters, free lists and cells of one size class
//   zspage   placement of a zspage's objects and pages: readers inside, movers try
//   handles  the pool's stock of free handle cells
//   pages    the page allocator
// Class, handles and pages locks are numbered structure locks: class c is lock c, then handles, then pages.
//
// RULES
//   1. A strategy's state is words of the pool's buffer. All-zero words are valid and unlocked.
//   2. A mover only tries (`relocateBegin`) and gives up when a zspage is busy. It never waits for a reader.
//   3. A call that waits may throw ERR_ZS_WOULD_BLOCK when `agent.mayBlock` is false; then it has changed nothing.
//   4. Calls that end something (`...End`, `unlock`) never wait and never throw, except for misuse in checked builds.

import type { Agent, AgentIndex, WordIndex } from '../words/agent.ts';
import type { ReadByMany } from './locks.ts';
import type { ReadTable } from './read-table.ts';

/** Where an object lies: page number of its first byte and slot index in its zspage; positive, below 2^29. */
export type Location = number;
/** Number of a zspage, from 1. */
export type ZspageIndex = number;
/** Number of a component page, counted from the start of the buffer. */
export type PageIndex = number;

/** What a strategy can do. Positive flags; the conformance kit checks each, and the types of the pool follow them. */
export interface Capabilities {
  /** A read hold may last across `await`: it blocks no lock that others wait for. */
  readonly holdAcrossAwait: boolean;
  /** Acquiring may park the agent in `Atomics.wait` until another agent wakes it. */
  readonly parks: boolean;
  /** Works on an agent that cannot block (a browser's main thread), by async twins where need be. */
  readonly worksWithoutBlocking: boolean;
  /** Freeing an object while somebody reads it leaves its bytes intact until that read ends. */
  readonly freeDuringRead: boolean;
  /** Several agents can be inside reads of one zspage at the same time. */
  readonly concurrentReads: boolean;
  /** Objects may move while they are being read: readers keep the old copy. */
  readonly relocatesBesideReaders: boolean;
  /** Order in which waiters get a contended lock. */
  readonly fairness: 'none' | 'writer-first' | 'fifo' | 'phase-fair';
  /** An agent that dies at any instruction neither hangs the others nor loses memory: see docs/RECOVERY.md. */
  readonly robust: boolean;
}

/** Int32 words that a strategy needs in the pool's buffer. */
export interface StrategyWords {
  /** Once per pool. */
  readonly pool: number;
  /** Per structure lock; at most 16, one cache line. */
  readonly lock: number;
  /** Per zspage; up to 3 fit without making the zspage's record longer than half a cache line. At most 6. */
  readonly zspage: number;
  /** Per attached agent; at most 28. */
  readonly agent: number;
}

/** What core offers to a bound strategy. */
export interface StrategyHost {
  readonly agent: Agent;
  /** Where this agent says which reader counts it is in, so that they can be told anew when it dies. */
  readonly reads: ReadTable;
  /** True where a kernel may read for this agent: one entry of `reads` is its own, and one mark of OwnLines. */
  readonly hasKernels?: boolean;
  readonly agentsMax: number;
  readonly poolBase: WordIndex;
  /** Number of structure locks. Lock i has its words at `lockBase + i * lockStride`. */
  readonly lockCount: number;
  readonly lockBase: WordIndex;
  readonly lockStride: number;
  /** Highest zspage number that there can be. A larger one in a page's owner word is no zspage's: the pool is corrupt. */
  readonly zspagesMax: number;
  /** Zspage z has its words at `zspageBase + z * zspageStride`. */
  readonly zspageBase: WordIndex;
  readonly zspageStride: number;
  /** Agent a has its words at `agentBase + a * agentStride`. */
  readonly agentBase: WordIndex;
  readonly agentStride: number;
  /**
   * A location's page is `location >>> indexBits`; the page's owner word is at `pageBase + 2 * page` and holds
   * zspage << 9 | class, or 0. `zspageOf` and `classOf` below are that, spelled out; hot paths read the word themselves.
   */
  readonly pageBase: WordIndex;
  readonly indexBits: number;
  /** True when the value of a handle cell is the location of a live object. */
  isLocation(cellValue: number): boolean;
  /** Zspage of a location; 0 when its page holds no zspage (a stale hint). Plain read: recheck the cell under a lock. */
  zspageOf(location: Location): ZspageIndex;
  /** Size class of a location; stale like `zspageOf`. -1 when its page holds no zspage. */
  classOf(location: Location): number;
  /** Index of a location's slot in its zspage, at most 4094. It stays when the page moves. */
  indexOf(location: Location): number;
  /** Where a slot of a zspage lies now. Caller holds: the class lock. */
  slotAt(zspage: ZspageIndex, index: number): Location;
  /**
   * The word of a slot whose bits from LENGTH_BITS to 30 belong to the strategy while the object or its place is retired;
   * PLACE_MOVED must be set in it for a place. 0 in the last class, whose zspages have one slot and no header.
   */
  spareWord(location: Location): WordIndex;
  /** Slots of a zspage that are in use, retired ones included. Caller holds: the class lock. */
  slotsInUse(zspage: ZspageIndex): number;
  /** Bytes of a slot of a class. In the last class, `lockCount - 3`, that is a page. */
  slotBytes(classIndex: number): number;
  /** Makes the slot and the handle of a freed object usable again. Caller holds: the class lock. */
  reclaimObject(location: Location): void;
  /** Makes a slot usable again whose object has moved away. Caller holds: the class lock. */
  reclaimPlace(location: Location): void;
  /** Makes a component page usable again whose content has moved away. Caller holds: the class lock. */
  reclaimPage(page: PageIndex): void;
  /** Returns to the page allocator what the reclaim calls above set free. Caller holds: nothing. */
  releaseReclaimed(): void;
}

/** What a strategy that reclaims later knows of retired slots and pages. Caller holds: the class lock. */
export interface LimboRecovery {
  /** Forgets all that is retired in a class; what still is comes back by `retire`. A retired page stays. */
  clearClass(classIndex: number, zspages: readonly ZspageIndex[]): void;
  /** The slot at `location` is retired: an object, or a place whose object has moved on. */
  retire(location: Location, isPlace: boolean): void;
  /** A page of the zspage that is retired, or 0. */
  pageOf(zspage: ZspageIndex): PageIndex;
}

/**
 * What a strategy offers so that an agent can recover from the death of another. Nothing in it waits. Of `dead` it is
 * certain that it never runs again, and what it did is visible.
 *
 * The caller works in the dead agent's name under the locks that it has left held, and frees them afterwards.
 */
export interface StrategyRecovery {
  /** All structure locks are one lock: that it is held does not say which class was being changed. */
  readonly oneLock: boolean;
  /** Frees what the dead agent holds or waits for in the strategy's own words, but for the locks below. False: later. */
  bury(dead: AgentIndex, isDead: (agent: AgentIndex) => boolean): boolean;
  /** Reads of the dead agent that the strategy's own words show. Before `bury`. */
  marksOf?(dead: AgentIndex): number;
  /** Agent that holds a structure lock; 0 for nobody. */
  holderOf(index: number): AgentIndex;
  releaseFor(index: number, dead: AgentIndex): void;
  /** Agent that shuts out lookups; 0 for nobody. */
  moverOf(): AgentIndex;
  releaseMoveFor(dead: AgentIndex): void;
  /** Agent that shuts readers out of a zspage; 0 for nobody. */
  relocatorOf(zspage: ZspageIndex): AgentIndex;
  releaseRelocationFor(zspage: ZspageIndex, dead: AgentIndex): void;
  /** The lock that a ReadTable entry names: the pool's or a zspage's. Undefined when there is none. */
  countedLock(word: WordIndex): ReadByMany | undefined;
  /** Wakes whoever sleeps, so that it looks again: after a recovery, and when the pool has been poisoned. */
  wakeAll(): void;
  readonly limbo?: LimboRecovery;
}

/** A strategy attached to one pool by one agent. Arguments and results are small integers. */
export interface BoundStrategy {
  /** The strategy that this one decorates; left out by strategies that decorate none. */
  readonly decorated?: BoundStrategy;

  /** Protects the object of a cell and returns its location, or 0 (protecting nothing) when the cell has no object. */
  readBegin(cell: WordIndex): Location;
  /** Ends `readBegin`. The zspage is the one that `readBegin`'s location lies in. */
  readEnd(zspage: ZspageIndex): void;
  /** Like `readBegin`, for changing the object's bytes: excludes movers, not other readers or writers. */
  writeBegin(cell: WordIndex): Location;
  writeEnd(zspage: ZspageIndex): void;
  /**
   * Goes on from a read, or a write, to a further object that the same section protects: its location, or 0 when there is
   * none, or the section does not protect it, and goes on as it was. Never waits. Left out, each object has its own section.
   */
  readNext?(cell: WordIndex, zspage: ZspageIndex): Location;
  writeNext?(cell: WordIndex, zspage: ZspageIndex): Location;
  /** Like `readBegin`, for a hold that may last across turns of the event loop. */
  holdBegin(cell: WordIndex): Location;
  holdEnd(zspage: ZspageIndex): void;

  /** Locks the class of a cell's object and returns the class; -1 (locking nothing) when the cell has no object. */
  lockClassOf(cell: WordIndex): number;
  lock(index: number): void;
  tryLock(index: number): boolean;
  unlock(index: number): void;
  /** A hint that somebody waits for the lock: a long section should end soon. */
  isContended(index: number): boolean;

  /** Shuts out lookups while objects or pages move. Taken before the class lock. */
  moveBegin(): void;
  moveEnd(): void;
  /** A hint that somebody waits for the end of the move. */
  isMoveContended(): boolean;
  /** Tries to shut readers out of a zspage; false when it is busy. Caller holds: the class lock. */
  relocateBegin(zspage: ZspageIndex): boolean;
  relocateEnd(zspage: ZspageIndex): void;
  /** Points a cell to the new place of its object. Caller holds: the class lock, and relocation of the old zspage. */
  publish(cell: WordIndex, location: Location): void;

  /**
   * The object at `location` is freed; `cell` is its handle's. A strategy that reclaims later stores CELL_RETIRED | location
   * there, in one step, before anything else. Caller holds: the class lock.
   */
  retireObject(cell: WordIndex, location: Location): void;
  /** The object at `location` has been published elsewhere. Caller holds: the class lock. */
  retirePlace(location: Location): void;
  /** The content of `page` has been published elsewhere. Caller holds: the class lock. */
  retirePage(page: PageIndex): void;

  /**
   * Reclaims what may be reclaimed. `pressing`: the pool is full, so waiting for readers is worth it where it is allowed.
   * Returns how many slots and pages it has made usable. Caller holds: nothing.
   */
  reclaim(pressing: boolean): number;
  /** Resolves when it is worth trying again after ERR_ZS_WOULD_BLOCK. Keeps the process alive meanwhile. */
  retryLater(): Promise<void>;
  /** Gives back what this agent holds. Caller holds: nothing. */
  detach(): void;
  /** Left out, the death of an agent that was inside a call poisons the pool. */
  readonly recovery?: StrategyRecovery | undefined;
}

/** A lock strategy: what a lock package exports and `createPool` takes. */
export interface Strategy<C extends Capabilities = Capabilities> {
  /** Name in descriptors and in the pool's header, for instance 'spin'. */
  readonly id: string;
  /** Raised when a word changes its meaning: agents with different versions must not share a pool. */
  readonly version: number;
  readonly capabilities: C;
  readonly words: StrategyWords;
  /** Once per attach. */
  bind(host: StrategyHost): BoundStrategy;
}

export type { AgentIndex };
