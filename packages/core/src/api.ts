// The pool as users see it.

import type { Capabilities, Strategy } from './strategy/contract.ts';
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
  /** Most agents attached at once, 1 to 255; 64 by default. */
  readonly agents?: number;
  /** Compact on `free` as soon as this share of used pages could be freed, above 0 and up to 1; never by default. */
  readonly compactAbove?: number;
}

/** Names a pool to another agent: plain data, made for `workerData` and `postMessage`. */
export interface PoolDescriptor {
  readonly kind: 'zsmalloc-pool';
  readonly format: number;
  readonly layout: number;
  readonly strategy: { readonly id: string; readonly version: number };
  readonly buffer: SharedArrayBuffer;
}

/** What the attaching agent offers; code cannot be sent. */
export interface AttachOptions<C extends Capabilities = Capabilities> {
  readonly strategies: readonly Strategy<C>[];
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

/** One agent's side of a pool. */
export interface Pool extends Disposable {
  /** Bytes of the whole pool; `readBegin` returns offsets into it. */
  readonly bytes: Uint8Array;
  readonly strategyId: string;
  /** Largest request, in bytes: the page size. */
  readonly objectBytesMax: number;
  /** Requests of at least so many bytes take a whole page each. */
  readonly hugeBytes: number;

  malloc(sizeBytes: number): Handle;
  tryMalloc(sizeBytes: number): Handle;
  free(handle: Handle): void;
  sizeOf(handle: Handle): number;
  write(handle: Handle, source: Uint8Array, offset?: number): void;
  read<T>(handle: Handle, use: (bytes: Uint8Array) => T): T;
  readInto(handle: Handle, target: Uint8Array, offset?: number): number;

  readBegin(handle: Handle): number;
  readEnd(offset: number): void;
  readonly readLength: number;
  readonly readFirstBytes: number;
  readonly readSecondOffset: number;

  compact(budget?: CompactBudget): CompactResult;
  shrink(pages: number): number;
  shrinkable(): number;
  migratePage(page: number): MigrateResult;
  stats(): PoolStats;
  classes(): ClassRow[];
  verify(): void;

  mallocAsync(sizeBytes: number): Promise<Handle>;
  freeAsync(handle: Handle): Promise<void>;
  writeAsync(handle: Handle, source: Uint8Array, offset?: number): Promise<void>;
  readAsync<T>(handle: Handle, use: (bytes: Uint8Array) => T): Promise<T>;
  readIntoAsync(handle: Handle, target: Uint8Array, offset?: number): Promise<number>;
  compactAsync(budget?: CompactBudget): Promise<CompactResult>;

  descriptor(): PoolDescriptor;
  detach(): void;
}

/** A pool whose strategy lets a read last across `await`. */
export interface HoldingPool extends Pool {
  hold(handle: Handle): Hold;
  holdAsync(handle: Handle): Promise<Hold>;
}

/** The pool that goes with a strategy: `hold` exists where its readers may sleep. */
export type PoolOf<C extends Capabilities> = C['holdAcrossAwait'] extends true ? HoldingPool : Pool;
