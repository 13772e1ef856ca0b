// Programs of agents with caches: leases against movers, and against who collects what is cached.
//
// A thread is a turn: an agent's leases end with it.

import { Violation } from '../host/small-host.ts';
import { A, B, BAD_HANDLE, HALF_BYTES, compact, expectAll, filled, outcomeOf, program } from './program-parts.ts';
import type { Build } from './program-parts.ts';
import type { AgentPool } from '@zsmalloc/core/model';
import type { PoolProgram } from './pool-model.ts';

/** Two objects of the programs' classes for each agent, and more where they are huge. */
const CACHE_BYTES = 16_384;
const HUGE_BYTES = 4096;

interface Start {
  readonly kept: number;
  readonly gone: number;
  /** Others that go. */
  readonly more?: readonly number[];
  /** The page of `gone`. */
  readonly page: number;
}

const freeAll = (pool: AgentPool, { gone, more }: Start): void => {
  for (const handle of [gone, ...(more ?? [])]) pool.free(handle);
};
const mallocTwo = (pool: AgentPool): number[] => [pool.malloc(HALF_BYTES), pool.malloc(HALF_BYTES)];

function pageUnder(pool: AgentPool, handle: number): number {
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  return Math.floor(offset / 4096);
}

/** Two zspages: one with an object that stays and a free slot, one with an object that goes; nothing is cached. */
function twoZspages(pool: AgentPool): Start {
  const kept = filled(pool, HALF_BYTES, A);
  const other = pool.malloc(HALF_BYTES);
  const gone = filled(pool, HALF_BYTES, B);
  pool.free(other);
  cachesOf(pool).collect();
  return { kept, gone, page: pageUnder(pool, gone) };
}

/** Two zspages: one with an object that stays and a free slot, and two with objects that go, one more than a magazine holds. */
function threeThatGo(pool: AgentPool): Start {
  const kept = filled(pool, HALF_BYTES, A);
  const other = pool.malloc(HALF_BYTES);
  const [gone, ...more] = [1, 2, 3].map(() => filled(pool, HALF_BYTES, B));
  pool.free(other);
  cachesOf(pool).collect();
  return { kept, gone: gone!, more, page: pageUnder(pool, gone!) };
}

/** The same, two of the three in the depot. */
function twoInDepot(pool: AgentPool): Start {
  const start = threeThatGo(pool);
  freeAll(pool, start);
  return start;
}

/** The same of huge objects. */
function twoHuge(pool: AgentPool): Start {
  const kept = filled(pool, HUGE_BYTES, A);
  const gone = filled(pool, HUGE_BYTES, B);
  return { kept, gone, page: pageUnder(pool, gone) };
}

const keptOnly = ({ kept }: Start): Map<number, number> => new Map([[kept, A]]);

const made = (start: Start, handles: readonly unknown[]): Map<number, number> =>
  new Map([[start.kept, A], ...handles.map((handle): [number, number] => [handle as number, -1])]);

function cached(build: Omit<PoolProgram<Start>, 'strategy' | 'setup' | 'cacheBytes'>, setup = twoZspages): Build {
  return program<Start>(() => ({
    setup,
    cacheBytes: CACHE_BYTES,
    ...build,
    racy: ['caches', 'estimates', 'cells', 'owners'],
  }));
}

/** Frees an object, and takes its slot again. */
const freeAndMallocOf =
  (sizeBytes: number) =>
  (pool: AgentPool, { gone }: Start): number => {
    pool.free(gone);
    const again = pool.malloc(sizeBytes);
    if (outcomeOf(() => pool.free(gone)) !== BAD_HANDLE) throw new Violation('a stale handle was freed');
    return again;
  };
const freeAndMalloc = freeAndMallocOf(HALF_BYTES);
const freeAndMallocHuge = freeAndMallocOf(HUGE_BYTES);

/** See the head of the file. */
export const cachePrograms: Readonly<Record<string, Build>> = {
  'a free into a cache beside a compaction of the class': cached({
    agents: { free: (pool, { gone }) => pool.free(gone), compact },
    contents: keptOnly,
  }),
  'a free into a cache and a malloc from it beside a compaction of the class': cached({
    // Without the stale free of the others: it makes three times as many schedules.
    agents: {
      freeAndMalloc: (pool, { gone }) => {
        pool.free(gone);
        return pool.malloc(HALF_BYTES);
      },
      compact,
    },
    contents: (start, { freeAndMalloc: again }) => made(start, [again]),
  }),
  'a free into a cache beside the migration of its page': cached({
    agents: {
      free: (pool, { gone }) => pool.free(gone),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: keptOnly,
  }),
  'a malloc from a cache beside a malloc of the class': cached({
    agents: { freeAndMalloc, malloc: (pool) => pool.malloc(HALF_BYTES) },
    contents: (start, { freeAndMalloc: again, malloc }) => made(start, [again, malloc]),
  }),
  'a free into a cache beside a read of another object of the class': cached({
    agents: { freeAndMalloc, read: (pool, { kept }) => pool.read(kept, (bytes) => expectAll(bytes, A)) },
    contents: (start, { freeAndMalloc: again }) => made(start, [again]),
  }),
  'two agents that free into caches and malloc': cached({
    agents: {
      one: freeAndMalloc,
      two: (pool) => {
        const first = pool.malloc(HALF_BYTES);
        pool.free(first);
        return pool.malloc(HALF_BYTES);
      },
    },
    contents: (start, { one, two }) => made(start, [one, two]),
  }),
  'a collection of what is cached beside a free into a cache and a malloc from it': cached({
    agents: { freeAndMalloc, collect: (pool) => cachesOf(pool).collect() },
    contents: (start, { freeAndMalloc: again }) => made(start, [again]),
  }),
  'a free of a huge object into a cache and a malloc from it beside the migration of its page': cached(
    {
      agents: { freeAndMallocHuge, migrate: (pool, { page }) => pool.migratePage(page).result },
      contents: (start, { freeAndMallocHuge: again }) => made(start, [again]),
    },
    twoHuge,
  ),
  'a free of a huge object into a cache and a malloc from it beside a collection of what is cached': cached(
    {
      agents: { freeAndMallocHuge, collect: (pool) => cachesOf(pool).collect() },
      contents: (start, { freeAndMallocHuge: again }) => made(start, [again]),
    },
    twoHuge,
  ),
  'a free of a huge object into a cache and a malloc from it beside a malloc and a read of the class': cached(
    {
      agents: {
        freeAndMallocHuge,
        other: (pool, { kept }) => {
          pool.read(kept, (bytes) => expectAll(bytes, A));
          return pool.malloc(HUGE_BYTES);
        },
      },
      contents: (start, { freeAndMallocHuge: again, other }) => made(start, [again, other]),
    },
    twoHuge,
  ),
  'frees that fill the depot beside mallocs of the class': cached(
    {
      agents: { freeAll, mallocTwo },
      contents: (start, { mallocTwo: handles }) => made(start, handles as number[]),
    },
    threeThatGo,
  ),
  'frees that fill the depot beside a collection of what is cached': cached(
    { agents: { freeAll, collect: (pool) => cachesOf(pool).collect() }, contents: keptOnly },
    threeThatGo,
  ),
  'frees that fill the depot beside the migration of a page': cached(
    {
      agents: { freeAll, migrate: (pool, { page }) => pool.migratePage(page).result },
      contents: keptOnly,
    },
    threeThatGo,
  ),
  'mallocs that empty the depot beside mallocs of the class': cached(
    {
      agents: { mallocTwo, malloc: (pool) => pool.malloc(HALF_BYTES) },
      contents: (start, { mallocTwo: two, malloc }) => made(start, [...(two as number[]), malloc]),
    },
    twoInDepot,
  ),
  'mallocs that empty the depot beside a collection of what is cached': cached(
    {
      agents: { mallocTwo, collect: (pool) => cachesOf(pool).collect() },
      contents: (start, { mallocTwo: handles }) => made(start, handles as number[]),
    },
    twoInDepot,
  ),
  'frees that fill the depot, and a detach, beside mallocs of the class': cached(
    {
      agents: {
        detach: (pool, start) => {
          freeAll(pool, start);
          pool.detach();
        },
        malloc: (pool) => pool.malloc(HALF_BYTES),
      },
      contents: (start, { malloc }) => made(start, [malloc]),
    },
    threeThatGo,
  ),
  'a detach beside a compaction of the class': cached({
    agents: {
      detach: (pool, { gone }) => {
        pool.free(gone);
        pool.detach();
      },
      compact,
    },
    contents: keptOnly,
  }),
};

/** An agent's caches, for programs that call into them, and for planted bugs. */
export interface Caches {
  collect(): boolean;
  clear(ordinal: number): boolean;
  leaseLocked(ordinal: number, magazine: number): boolean;
  free(handle: number): void;
  readonly state: {
    readonly words: Int32Array;
    strategy: { lock(index: number): void; unlock(index: number): void };
  };
  readonly magazines: {
    isLeased(magazine: number): boolean;
    handOver(ordinal: number, from: number, to: number): boolean;
  };
}

export function cachesOf(pool: AgentPool): Caches {
  return (pool as unknown as { caches: Caches }).caches;
}
