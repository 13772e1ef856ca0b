// What the programs of pools have in common: objects that are all one byte, and pools that are set up for a move.

import type { AgentPool } from '@zsmalloc/core/model';
import type { Strategy } from '@zsmalloc/core/strategy';
import { Violation } from '../host/small-host.ts';
import type { PoolProgram, Role } from './pool-model.ts';
import type { RacyKind } from './racy-words.ts';

/** A small request of a class with two slots to a zspage, of one page. */
export const HALF_BYTES = 2000;
/** Two slots to a zspage of one page; three to one of two pages, the second of which spans them. */
export const SPANNING_BYTES = 2700;
export const BAD_HANDLE = 'ERR_ZS_BAD_HANDLE';

export const A = 0x11;
export const B = 0x22;
export const C = 0x33;

/** Makes a program for a strategy. */
export type Build = (strategy: Strategy) => PoolProgram<never>;

export function program<S>(build: (strategy: Strategy) => Omit<PoolProgram<S>, 'strategy'>): Build {
  return (strategy) => ({ strategy, ...build(strategy) }) as unknown as PoolProgram<never>;
}

/** Two zspages with one object and one free slot each: compaction moves `moved` beside `still`. */
export interface Halves {
  readonly moved: number;
  readonly still: number;
}

export function halves(pool: AgentPool): Halves {
  const moved = filled(pool, HALF_BYTES, A);
  const first = pool.malloc(HALF_BYTES);
  const still = filled(pool, HALF_BYTES, B);
  const second = pool.malloc(HALF_BYTES);
  // The zspage that was filed last is the target.
  pool.free(first);
  pool.free(second);
  return { moved, still };
}

export const bothHalves = ({ moved, still }: Halves): Map<number, number> =>
  new Map([
    [moved, A],
    [still, B],
  ]);

/** Lookups without a pool lock start with a hint. */
export const hintsOf = ({ words }: Strategy): RacyKind[] =>
  words.pool === 0 || words.agent > 0 ? ['cells', 'owners'] : [];

export const compact = (pool: AgentPool): boolean => pool.compact().ran;
export const readMoved: Role<Halves> = (pool, { moved }) => pool.read(moved, (bytes) => expectAll(bytes, A));
export const readStill: Role<Halves> = (pool, { still }) => pool.read(still, (bytes) => expectAll(bytes, B));
export const writeMoved: Role<Halves> = (pool, { moved }) => pool.write(moved, new Uint8Array(4).fill(C), 8);
export const malloc = (pool: AgentPool): number => pool.malloc(HALF_BYTES);

export function withBytes(pool: AgentPool, handle: number, byte: number, at: number): void {
  pool.read(handle, (bytes) => {
    if (bytes[at] !== byte) throw new Violation(`byte ${at} of object ${handle} is ${bytes[at]}, expected ${byte}`);
  });
}

/** A zspage of two pages with one object, in its last slot: compaction moves it to the first and frees the second page. */
export interface Settling {
  readonly object: number;
  readonly page: number;
}

export function settling(pool: AgentPool): Settling {
  const first = pool.malloc(SPANNING_BYTES);
  const second = pool.malloc(SPANNING_BYTES);
  const object = filled(pool, SPANNING_BYTES, A);
  pool.free(first);
  pool.free(second);
  return { object, page: pageOf(pool, 2) };
}

/** The n-th component page of a fresh pool; the page before the first holds handle cells. */
export function pageOf(pool: AgentPool, n: number): number {
  const offsets = new Set<number>();
  const { pageBytes, pagesTotal, bufferBytes } = pool.stats();
  for (let page = bufferBytes / pageBytes - pagesTotal; page < bufferBytes / pageBytes; page++) offsets.add(page);
  return [...offsets][n];
}

/** Allocates an object that is all `byte`. */
export function filled(pool: AgentPool, sizeBytes: number, byte: number): number {
  const handle = pool.malloc(sizeBytes);
  pool.write(handle, new Uint8Array(sizeBytes).fill(byte));
  return handle;
}

/** Throws unless a sample of an object's bytes says `byte`: the first, the last, and around the middle. */
export function expectAll(bytes: Uint8Array, byte: number): void {
  const { length } = bytes;
  for (const index of [0, length >> 1, length - 1]) {
    if (bytes[index] !== byte) throw new Violation(`byte ${index} is ${bytes[index]}, expected ${byte}`);
  }
}

/** Runs a call; the code of the error that it throws, or 'done'. */
export function outcomeOf(call: () => void): string {
  try {
    call();
    return 'done';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string') return code;
    throw error;
  }
}
