// The pool as users see it.

import type { KernelMemory, Kernels } from './kernels.ts';
import type { Capabilities, Strategy } from './strategy/contract.ts';
import type { RecoveryReport } from './recovery/report.ts';
import type { AgentPort, WatchListeners, WatchedAgents } from './recovery/watcher.ts';
import type { AgentLocks } from './recovery/web-locks.ts';
import type { ClassRow, PoolStats } from './stats.ts';

/** An object's name: an integer from 1 to 2^30 - 1, valid in every agent until `free`. Send it as a plain number. */
export type Handle = number;

/** How `createPool` shapes a pool. */
export interface PoolOptions<C extends Capabilities = Capabilities> {
  /** Size of the SharedArrayBuffer, metadata included; rounded down to whole pages. Memory is committed on first use. */
  readonly bytes: number;
  /** The lock strategy, for instance `spin` from @zsmalloc/lock-spin. */
  readonly strategy: Strategy<C>;
  /** Component page size: a power of two from 4096 (the default) to 65536. Also the largest object. */
  readonly pageBytes?: number;
  /** Most component pages in a zspage, 4 to 16; 8 by default. Longer chains waste less and compact later. */
  readonly chainPages?: number;
  /**
   * Bytes from one slot size to the next: a multiple of 16 from `pageBytes / 256`, the default and the kernel's, to
   * `pageBytes / 16`. Larger steps make fewer classes: less lies idle in half-filled zspages, more at the ends of slots.
   * See `fitClasses`.
   */
  readonly classStepBytes?: number;
  /** Most agents attached at once, 1 to 255; 64 by default. */
  readonly agents?: number;
  /** Compact on `free` as soon as this share of used pages could be freed, above 0 and up to 1; never by default. */
  readonly compactAbove?: number;
  /**
   * Each agent keeps freed objects for its next mallocs, up to so many bytes, 256 KiB for `true`. Off by default: see the README.
   */
  readonly caches?: boolean | { readonly bytes: number };
  /**
   * Compiled malloc, free and reads, for instance `wasm` from @zsmalloc/wasm. Agents that are to run them give it to
   * `attachPool`, too; all others run the same on the same memory in JavaScript.
   */
  readonly kernels?: Kernels;
}

/** Names a pool to another agent: plain data, made for `workerData` and `postMessage`. */
export interface PoolDescriptor {
  readonly kind: 'zsmalloc-pool';
  readonly format: number;
  readonly layout: number;
  readonly strategy: { readonly id: string; readonly version: number };
  readonly buffer: SharedArrayBuffer;
  /** Pools with kernels: the memory whose buffer it is. */
  readonly memory?: KernelMemory;
}

/** What the attaching agent offers; code cannot be sent. */
export interface AttachOptions<C extends Capabilities = Capabilities> {
  readonly strategies: readonly Strategy<C>[];
  /** As in PoolOptions. Without effect where the pool was created without. */
  readonly kernels?: Kernels;
}

/** Limits of one `compact` call; without any it goes on until nothing can be gained. */
export interface CompactBudget {
  /** Stop once so many pages were freed. */
  readonly pages?: number;
  /** Stop at the next batch after so many ms. */
  readonly ms?: number;
}

/** What one `compact` call did. */
export interface CompactResult {
  /** False when another agent was compacting; then nothing was done. */
  readonly ran: boolean;
  readonly movedObjects: number;
  readonly movedBytes: number;
  readonly freedPages: number;
  /** Zspages left alone because somebody was reading them. */
  readonly skippedZspages: number;
}

/** What `migratePage` did. */
export interface MigrateResult {
  /** 'busy': somebody reads the zspage; 'vacant': the page holds no objects; 'full': no free page to move to. */
  readonly result: 'migrated' | 'busy' | 'vacant' | 'full';
  /** The page that holds the content now; the given page unless migrated. */
  readonly page: number;
  /** Handle cells that were pointed to the new page. */
  readonly patchedCells: number;
}

/** An object that cannot move until `release`. One or two views: an object may span two pages. */
export interface Hold extends Disposable {
  readonly length: number;
  readonly segments: readonly Uint8Array[];
  /** Idempotent. */
  release(): void;
}

/**
 * One agent's side of a pool.
 *
 * Calls marked "Blocks: briefly" take spinning or sleeping locks, as the strategy has it, for bounded sections of other
 * agents. Where the agent must not block (a browser's main thread), they spin for a bounded time and then throw
 * ERR_ZS_WOULD_BLOCK; the async twins wait in later turns instead. Whatever throws has changed nothing. After `detach`,
 * every call throws ERR_ZS_DETACHED.
 */
export interface Pool extends Disposable {
  /** All bytes of the pool. `readBegin` returns offsets into it; writing elsewhere corrupts the pool. */
  readonly bytes: Uint8Array;
  readonly strategyId: string;
  /** Largest request, in bytes: the page size. */
  readonly objectBytesMax: number;
  /** Requests of at least so many bytes take a page each. Source: zs_huge_class_size(). */
  readonly hugeBytes: number;

  /**
   * Allocates an object and returns its handle. The content is not cleared.
   *
   * @param sizeBytes 1 to `objectBytesMax`; rounded up to its size class.
   * @returns A handle, valid in every agent until `free`. Never 0.
   * @throws ERR_ZS_BAD_SIZE; ERR_ZS_NO_MEMORY when the pool has no room for the size class.
   * Blocks: briefly. Main thread: yes. Source: zs_malloc().
   */
  malloc(sizeBytes: number): Handle;

  /** Like `malloc`, but returns 0 when the pool has no room. */
  tryMalloc(sizeBytes: number): Handle;

  /**
   * Frees an object. Its handle is dead from here on, in every agent.
   *
   * A read of the object that is open in another agent stays safe for memory; whether its bytes stay intact until it ends
   * is what the strategy's capability `freeDuringRead` says.
   *
   * @throws ERR_ZS_BAD_HANDLE for a handle that is stale, freed, forged or another pool's.
   * Blocks: briefly, and for a whole compaction when the pool was created with `compactAbove`. Main thread: yes.
   * Source: zs_free().
   */
  free(handle: Handle): void;

  /** Length of an object in bytes, as requested. @throws ERR_ZS_BAD_HANDLE. Blocks: briefly. Main thread: yes. */
  sizeOf(handle: Handle): number;

  /**
   * Takes an object as it is whose writer died: reads of it, which throw ERR_ZS_TORN, work again. So does writing all of it.
   *
   * @throws ERR_ZS_BAD_HANDLE. Blocks: briefly. Main thread: yes.
   */
  acceptTorn(handle: Handle): void;

  /**
   * Copies `source` into an object. Other users of the same object are not shut out: arrange that among yourselves.
   *
   * @param offset First byte of the object to change, 0 by default.
   * @throws ERR_ZS_BAD_HANDLE; ERR_ZS_OUT_OF_RANGE when the bytes do not fit.
   * Blocks: briefly. Main thread: yes. Source: zs_obj_write().
   */
  write(handle: Handle, source: Uint8Array, offset?: number): void;

  /**
   * Calls `use` with the object's bytes and returns what it returns. The view is the object itself, or a copy where the
   * object spans two pages; either way it is to be read only, and ends with the callback. The object does not move
   * meanwhile. `use` may call the pool, and must not be async.
   *
   * @throws ERR_ZS_BAD_HANDLE; ERR_ZS_HOLD_UNSUPPORTED when `use` returns a promise.
   * Blocks: briefly. Main thread: yes. Source: zs_obj_read_begin() and zs_obj_read_end().
   */
  read<T>(handle: Handle, use: (bytes: Uint8Array) => T): T;

  /**
   * Copies an object into `target` and returns its length in bytes.
   *
   * @param offset First byte of `target` to fill, 0 by default.
   * @throws ERR_ZS_BAD_HANDLE; ERR_ZS_OUT_OF_RANGE when `target` is too short.
   * Blocks: briefly. Main thread: yes.
   */
  readInto(handle: Handle, target: Uint8Array, offset?: number): number;

  /**
   * Copies objects, one behind another, into `target`, and returns how many bytes that were. Objects that follow each other
   * in `handles` and lie in one zspage are copied under one lock: that of a strategy with epochs covers the whole batch.
   * The batch is not one step: other agents' writes may come in between.
   *
   * @param offset First byte of `target` to fill, 0 by default.
   * @param ends Gets the offset in `target` behind each object.
   * @throws ERR_ZS_BAD_HANDLE, ERR_ZS_TORN; ERR_ZS_OUT_OF_RANGE when `target` is too short. The objects before that handle
   *   have been copied, and `ends` says where they lie; nothing stays locked.
   * Blocks: briefly, again and again. Main thread: yes; readManyAsync begins the whole batch again when it is refused.
   */
  readMany(handles: ArrayLike<Handle>, target: Uint8Array, offset?: number, ends?: Uint32Array): number;

  /**
   * Fills objects, each whole, from bytes of `source` that follow each other, and returns how many bytes that were: the
   * other way of `readMany`, under locks as there.
   *
   * @param offset First byte of `source` to take, 0 by default.
   * @throws ERR_ZS_BAD_HANDLE; ERR_ZS_OUT_OF_RANGE when `source` is too short. The objects before that handle have been
   *   written, that one and those behind it have not.
   * Blocks: briefly, again and again. Main thread: yes; writeManyAsync begins the whole batch again when it is refused.
   */
  writeMany(handles: ArrayLike<Handle>, source: Uint8Array, offset?: number): number;

  /**
   * Opens a read without allocating anything, for hot code. Until the matching `readEnd`, which must come in the same
   * turn of the event loop, the object stays where it is: `readFirstBytes` bytes in `bytes` from the returned offset, and
   * the rest, if `readLength` is more, from `readSecondOffset`. Copy these three before the next call of the pool.
   *
   * @returns Offset of the object's first byte in `bytes`; also the token for `readEnd`.
   * @throws ERR_ZS_BAD_HANDLE. Blocks: briefly. Main thread: yes. Source: zs_obj_read_sg_begin().
   */
  readBegin(handle: Handle): number;

  /** Ends the read that returned `offset`. @throws ERR_ZS_BAD_TOKEN. Blocks: no. Source: zs_obj_read_sg_end(). */
  readEnd(offset: number): void;

  /** Length in bytes of the object that the last `readBegin` found. */
  readonly readLength: number;
  /** Bytes of it in its first page. */
  readonly readFirstBytes: number;
  /** Offset of the rest; of no meaning when `readFirstBytes` equals `readLength`. */
  readonly readSecondOffset: number;

  /**
   * Moves objects together and gives the pages that become empty back to the page allocator. Handles stay valid, open
   * reads keep their bytes, and a zspage that somebody reads is skipped where the strategy makes movers wait for readers.
   *
   * Blocks: briefly, again and again. Main thread: yes; `compactAsync` lets other work run in between. Source: zs_compact().
   */
  compact(budget?: CompactBudget): CompactResult;

  /**
   * For a memory-pressure policy: compacts until about `pages` pages were freed, and returns how many were.
   *
   * Blocks: like `compact`. Source: zs_shrinker_scan().
   */
  shrink(pages: number): number;

  /**
   * Gives back what this agent has cached, and lets objects move that its caches kept where they are: before it blocks, or
   * computes for long, in the middle of a turn of the event loop. Blocks: briefly. Main thread: yes.
   */
  flushCaches(): void;

  /** Pages that `shrink` could free at best: an estimate. Blocks: no. Source: zs_shrinker_count(). */
  shrinkable(): number;

  /**
   * Moves the content of one component page to another page and points the handles there. For emptying given pages;
   * compaction does not need it.
   *
   * @param page Page number: an offset into `bytes`, divided by the page size.
   * @throws ERR_ZS_BAD_PAGE for pages of the pool's tables and beyond its end.
   * Blocks: briefly. Main thread: yes. Source: zs_page_isolate(), zs_page_migrate(), zs_page_putback().
   */
  migratePage(page: number): MigrateResult;

  /** Counters of the pool, all of one moment. Blocks: for every lock in turn. Source: zs_pool_stats(), mm_stat. */
  stats(): PoolStats;

  /** A row for each size class, all of one moment. Blocks: for every lock in turn. Source: debugfs `classes`. */
  classes(): ClassRow[];

  /**
   * Checks every structural invariant. For tests and after a doubt: it looks at every object. Other agents may read
   * meanwhile, but must not be inside other calls: what is on its way between two locks would be missed.
   *
   * @throws ERR_ZS_CORRUPT, naming the invariant. Blocks: for every lock in turn.
   */
  verify(): void;

  /** True where this agent's reads, and malloc and free of pools without caches, run compiled kernels. */
  readonly runsKernels: boolean;

  /** Number of this agent in the pool, 1 to 255: what `recover` takes. */
  readonly agentIndex: number;

  /**
   * Recovers from the death of other agents as soon as it is certain: the one line that a pool with workers needs, once for
   * each worker, in an agent whose event loop runs. Agents that detach before they end cost nothing.
   *
   * @param agents A `Worker` of node:worker_threads: all agents in it, by its exit event. A `MessagePort` of which the
   *   other end is held by an agent that has called `announce` on it: that agent, when the port closes. A `Worker` of a
   *   browser, or `navigator.locks`: every agent of the pool in a browser's thread, and in Node from 24 on every agent that
   *   has called `announce(navigator.locks)`.
   * @throws ERR_ZS_OPTION when it is none of these, or has ended already.
   * Blocks: no. Main thread: yes.
   */
  watch(agents: WatchedAgents, listeners?: WatchListeners): void;

  /**
   * Lets other agents watch this one: the one at the other end of a port, or all that watch `navigator.locks`. The port is
   * for nothing else, and closes with this agent; keep it open until `detach`. In browsers an agent needs no announcement.
   *
   * Blocks: no. Main thread: yes.
   */
  announce(to: AgentPort | AgentLocks): void;

  /**
   * Recovers from all agents that are declared dead: for who has certificates of its own. Call it again, in a later turn,
   * when it throws ERR_ZS_WOULD_BLOCK, or use `retryAsync(() => pool.recover())`.
   *
   * @param deadAgent Declares this agent dead first. That demands certainty: no code of it will ever run again, in this pool
   *   or on its bytes. A missed heartbeat is no certainty. Whoever is declared dead and lives corrupts the pool.
   * @returns A report for each; empty when there was nobody to recover from.
   * @throws ERR_ZS_OPTION for this agent itself, or a number that is no agent's; ERR_ZS_WOULD_BLOCK: later; ERR_ZS_POISONED
   *   or ERR_ZS_CORRUPT when what was left cannot be repaired.
   * Blocks: briefly. Main thread: yes.
   */
  recover(deadAgent?: number): RecoveryReport[];

  mallocAsync(sizeBytes: number): Promise<Handle>;
  freeAsync(handle: Handle): Promise<void>;
  writeAsync(handle: Handle, source: Uint8Array, offset?: number): Promise<void>;
  /** `use` is still sync: it runs in the turn in which the read could begin. */
  readAsync<T>(handle: Handle, use: (bytes: Uint8Array) => T): Promise<T>;
  readIntoAsync(handle: Handle, target: Uint8Array, offset?: number): Promise<number>;
  readManyAsync(handles: ArrayLike<Handle>, target: Uint8Array, offset?: number, ends?: Uint32Array): Promise<number>;
  writeManyAsync(handles: ArrayLike<Handle>, source: Uint8Array, offset?: number): Promise<number>;
  compactAsync(budget?: CompactBudget): Promise<CompactResult>;
  /** The async twin of any other call: `await pool.retryAsync(() => pool.stats())`. Never blocks the agent. */
  retryAsync<T>(call: () => T): Promise<T>;

  /** Plain data from which another agent attaches. Blocks: no. */
  descriptor(): PoolDescriptor;

  /**
   * Gives the agent's place in the pool back; also at the end of a `using` block. Objects stay. Idempotent.
   *
   * @throws ERR_ZS_IN_USE while reads or holds of this agent are open. Blocks: briefly.
   */
  detach(): void;
}

/** A pool whose strategy lets a read last across `await`. */
export interface HoldingPool extends Pool {
  /**
   * Keeps an object where it is until `release`, across turns of the event loop if need be. Holds block nothing but
   * the moving of the zspage that they are in.
   *
   * @throws ERR_ZS_BAD_HANDLE. Blocks: briefly. Main thread: yes.
   */
  hold(handle: Handle): Hold;
  holdAsync(handle: Handle): Promise<Hold>;
}

/** The pool that goes with a strategy: `hold` exists where its readers may sleep. */
export type PoolOf<C extends Capabilities> = C['holdAcrossAwait'] extends true ? HoldingPool : Pool;
