// Programs of two and three agents on one small pool: every pair of calls that meets in a lock.

import type { Strategy } from '@zsmalloc/core/strategy';
import type { AgentPool } from '../../packages/core/src/pool.ts';
import { HALF_BYTES, expectAll, filled, outcomeOf } from './model-pool.ts';
import type { PoolProgram, Role } from './model-pool.ts';

/** Two slots to a zspage of one page; three to one of two pages, the second of which spans them. */
const SPANNING_BYTES = 2700;
const BAD_HANDLE = 'ERR_ZS_BAD_HANDLE';

const A = 0x11;
const B = 0x22;
const C = 0x33;

type Build = (strategy: Strategy) => PoolProgram<never>;

function program<S>(build: (strategy: Strategy) => Omit<PoolProgram<S>, 'strategy'>): Build {
  return (strategy) => ({ strategy, ...build(strategy) }) as unknown as PoolProgram<never>;
}

/** Two zspages with one object and one free slot each: compaction moves `b` beside `a`, or the other way round. */
interface Halves {
  readonly a: number;
  readonly b: number;
}

function halves(pool: AgentPool): Halves {
  const a = filled(pool, HALF_BYTES, A);
  const first = pool.malloc(HALF_BYTES);
  const b = filled(pool, HALF_BYTES, B);
  const second = pool.malloc(HALF_BYTES);
  pool.free(first);
  pool.free(second);
  return { a, b };
}

const bothHalves = ({ a, b }: Halves): Map<number, number> =>
  new Map([
    [a, A],
    [b, B],
  ]);

const compact = (pool: AgentPool): boolean => pool.compact().ran;
const readA: Role<Halves> = (pool, { a }) => pool.read(a, (bytes) => expectAll(bytes, A));
const readB: Role<Halves> = (pool, { b }) => pool.read(b, (bytes) => expectAll(bytes, B));
const writeB: Role<Halves> = (pool, { b }) => pool.write(b, new Uint8Array(4).fill(C), 8);
const malloc = (pool: AgentPool): number => pool.malloc(HALF_BYTES);

function withBytes(pool: AgentPool, handle: number, byte: number, at: number): void {
  pool.read(handle, (bytes) => {
    if (bytes[at] !== byte) throw new Error(`byte ${at} of object ${handle} is ${bytes[at]}, expected ${byte}`);
  });
}

export const twoAgents: Readonly<Record<string, Build>> = {
  'a malloc beside a free of its class': program(() => ({
    setup: (pool) => ({ kept: filled(pool, HALF_BYTES, A), gone: pool.malloc(HALF_BYTES) }),
    agents: { malloc, free: (pool, { gone }) => pool.free(gone) },
    contents: ({ kept }, { malloc: made }) => new Map([[kept, A], [made as number, -1]]),
  })),
  'a malloc beside a malloc, both in a class that has room': program(() => ({
    setup: (pool) => {
      const gone = pool.malloc(HALF_BYTES);
      const kept = filled(pool, HALF_BYTES, A);
      pool.free(gone);
      return { kept };
    },
    agents: { one: malloc, two: malloc },
    contents: ({ kept }, { one, two }) => new Map([[kept, A], [one as number, -1], [two as number, -1]]),
  })),
  'a malloc beside a malloc, both first of their class': program(() => ({
    setup: () => ({}),
    agents: { one: malloc, two: malloc },
    contents: (_, { one, two }) => new Map([[one as number, -1], [two as number, -1]]),
  })),
  'a malloc beside a malloc of another class, both first': program(() => ({
    setup: () => ({}),
    agents: { one: malloc, two: (pool) => pool.malloc(64) },
    contents: (_, { one, two }) => new Map([[one as number, -1], [two as number, -1]]),
  })),
  'a free beside a free that empties the zspage': program(() => ({
    setup: (pool) => ({ one: pool.malloc(HALF_BYTES), two: pool.malloc(HALF_BYTES) }),
    agents: { one: (pool, start) => pool.free(start.one), two: (pool, start) => pool.free(start.two) },
    contents: () => new Map(),
  })),
  'a free beside a free of the same handle: exactly one succeeds': program(() => ({
    setup: (pool) => ({ kept: filled(pool, HALF_BYTES, A), gone: pool.malloc(HALF_BYTES) }),
    agents: {
      one: (pool, { gone }) => outcomeOf(() => pool.free(gone)),
      two: (pool, { gone }) => outcomeOf(() => pool.free(gone)),
    },
    contents: ({ kept }) => new Map([[kept, A]]),
    check: ({ one, two }) => {
      const outcomes = [one, two].toSorted().join(', ');
      if (outcomes !== `${BAD_HANDLE}, done`) throw new Error(`two frees of one handle ended as ${outcomes}`);
    },
  })),
  'a free beside a free of the last object of its zspage, twice': program(() => ({
    setup: (pool) => ({ gone: pool.malloc(HALF_BYTES) }),
    agents: {
      one: (pool, { gone }) => outcomeOf(() => pool.free(gone)),
      two: (pool, { gone }) => outcomeOf(() => pool.free(gone)),
    },
    contents: () => new Map(),
    check: ({ one, two }) => {
      const outcomes = [one, two].toSorted().join(', ');
      if (outcomes !== `${BAD_HANDLE}, done`) throw new Error(`two frees of one handle ended as ${outcomes}`);
    },
  })),
  'a read beside a compaction that moves the object': program(() => ({
    setup: halves,
    agents: { read: (pool, start) => [readA, readB].map((read) => read(pool, start, undefined as never)), compact },
    contents: bothHalves,
  })),
  'a write beside a compaction that moves the object': program(() => ({
    setup: halves,
    agents: { write: writeB, compact },
    contents: ({ a, b }) => new Map([[a, A], [b, -1]]),
    check: (_, { b }, pool) => withBytes(pool, b, C, 11),
  })),
  'a free beside a compaction that moves the object': program(() => ({
    setup: halves,
    agents: { free: (pool, { b }) => pool.free(b), compact },
    contents: ({ a }) => new Map([[a, A]]),
  })),
  'a malloc beside a compaction of its class': program(() => ({
    setup: halves,
    agents: { malloc, compact },
    contents: (start, { malloc: made }) => bothHalves(start).set(made as number, -1),
  })),
  'a compaction beside a compaction: at least one runs': program(() => ({
    setup: halves,
    agents: { one: compact, two: compact },
    contents: bothHalves,
    check: ({ one, two }, _, pool) => {
      if (one !== true && two !== true) throw new Error('neither compaction ran');
      if (pool.stats().zspages !== 1) throw new Error('the objects are in two zspages still');
    },
  })),
  'a read beside the migration of its page': program(() => ({
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: {
      read: (pool, { object }) => pool.read(object, (bytes) => expectAll(bytes, A)),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ object }) => new Map([[object, A]]),
  })),
  'a write beside the migration of its page': program(() => ({
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: {
      write: (pool, { object }) => pool.write(object, new Uint8Array(4).fill(C), 8),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ object }) => new Map([[object, -1]]),
    check: (_, { object }, pool) => withBytes(pool, object, C, 11),
  })),
  'a read beside the migration of its second page': program(() => ({
    setup: (pool) => {
      const first = filled(pool, SPANNING_BYTES, B);
      return { first, object: filled(pool, SPANNING_BYTES, A), page: pageOf(pool, 2) };
    },
    agents: {
      read: (pool, { object }) => pool.read(object, (bytes) => expectAll(bytes, A)),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ first, object }) => new Map([[first, B], [object, A]]),
  })),
  'a free beside the migration of its page': program(() => ({
    setup: (pool) => ({ object: pool.malloc(HALF_BYTES), page: pageOf(pool, 1) }),
    agents: {
      free: (pool, { object }) => pool.free(object),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: () => new Map(),
  })),
  'a malloc beside the migration of the page it takes a slot of': program(() => ({
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: { malloc, migrate: (pool, { page }) => pool.migratePage(page).result },
    contents: ({ object }, { malloc: made }) => new Map([[object, A], [made as number, -1]]),
  })),
  'a compaction beside the migration of a page of its class': program(() => ({
    setup: (pool) => ({ ...halves(pool), page: pageOf(pool, 1) }),
    agents: { migrate: (pool, { page }) => pool.migratePage(page).result, compact },
    contents: bothHalves,
  })),
  'a read beside the free of its object, by mistake': program((strategy) => ({
    setup: (pool) => ({ gone: filled(pool, HALF_BYTES, A) }),
    agents: {
      read: (pool, { gone }) =>
        outcomeOf(() => {
          const { freeDuringRead } = strategy.capabilities;
          pool.read(gone, (bytes) => (freeDuringRead ? expectAll(bytes, A) : bytes.length));
        }),
      free: (pool, { gone }) => pool.free(gone),
    },
    contents: () => new Map(),
    check: ({ read }) => {
      if (read !== 'done' && read !== BAD_HANDLE) throw new Error(`the read ended as ${String(read)}`);
    },
  })),
  'an agent that attaches beside one that detaches': program(() => ({
    setup: (pool) => ({ gone: pool.malloc(HALF_BYTES) }),
    agents: {
      attach: (_, __, attach) => {
        const pool = attach();
        const made = pool.malloc(HALF_BYTES);
        pool.detach();
        return made;
      },
      detach: (pool, { gone }) => {
        pool.free(gone);
        pool.detach();
      },
    },
    contents: (_, { attach: made }) => new Map([[made as number, -1]]),
  })),
  'two agents that attach where one record is free: one is refused': program(() => ({
    setup: () => ({}),
    agents: {
      one: (_, __, attach) => outcomeOf(() => void attach()),
      two: (_, __, attach) => outcomeOf(() => void attach()),
    },
    contents: () => new Map(),
    check: ({ one, two }) => {
      const outcomes = [one, two].toSorted().join(', ');
      if (outcomes !== 'ERR_ZS_AGENTS_FULL, done') throw new Error(`two attaches ended as ${outcomes}`);
    },
  })),
};

export const threeAgents: Readonly<Record<string, Build>> = {
  'two reads beside a compaction': program(() => ({
    setup: halves,
    agents: { readA, readB, compact },
    contents: bothHalves,
  })),
  'a read and a write beside a compaction': program(() => ({
    setup: halves,
    agents: { readA, writeB, compact },
    contents: ({ a, b }) => new Map([[a, A], [b, -1]]),
    check: (_, { b }, pool) => withBytes(pool, b, C, 11),
  })),
  'a malloc and a free beside a compaction': program(() => ({
    setup: halves,
    agents: { malloc, free: (pool, { b }) => pool.free(b), compact },
    contents: ({ a }, { malloc: made }) => new Map([[a, A], [made as number, -1]]),
  })),
};

/** The n-th component page of a fresh pool; the page before the first holds handle cells. */
function pageOf(pool: AgentPool, n: number): number {
  const offsets = new Set<number>();
  const { pageBytes, pagesTotal, bufferBytes } = pool.stats();
  for (let page = bufferBytes / pageBytes - pagesTotal; page < bufferBytes / pageBytes; page++) offsets.add(page);
  return [...offsets][n];
}
