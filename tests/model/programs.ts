// Programs of two and three agents on one small pool: every pair of calls that meets in a lock.

import type { Strategy } from '@zsmalloc/core/strategy';
import type { AgentPool } from '../../packages/core/src/pool.ts';
import { HALF_BYTES, expectAll, filled, outcomeOf } from './model-pool.ts';
import type { PoolProgram, Role } from './model-pool.ts';
import type { RacyKind } from './racy-words.ts';

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

/** Two zspages with one object and one free slot each: compaction moves `moved` beside `still`. */
interface Halves {
  readonly moved: number;
  readonly still: number;
}

function halves(pool: AgentPool): Halves {
  const moved = filled(pool, HALF_BYTES, A);
  const first = pool.malloc(HALF_BYTES);
  const still = filled(pool, HALF_BYTES, B);
  const second = pool.malloc(HALF_BYTES);
  // The zspage that was filed last is the target.
  pool.free(first);
  pool.free(second);
  return { moved, still };
}

const bothHalves = ({ moved, still }: Halves): Map<number, number> =>
  new Map([
    [moved, A],
    [still, B],
  ]);

/** Lookups without a pool lock start with a hint. */
const hintsOf = ({ words }: Strategy): RacyKind[] => (words.pool === 0 ? ['cells', 'owners'] : []);

const compact = (pool: AgentPool): boolean => pool.compact().ran;
const readMoved: Role<Halves> = (pool, { moved }) => pool.read(moved, (bytes) => expectAll(bytes, A));
const readStill: Role<Halves> = (pool, { still }) => pool.read(still, (bytes) => expectAll(bytes, B));
const writeMoved: Role<Halves> = (pool, { moved }) => pool.write(moved, new Uint8Array(4).fill(C), 8);
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
    contents: ({ kept }, { malloc: made }) =>
      new Map([
        [kept, A],
        [made as number, -1],
      ]),
  })),
  'a malloc beside a malloc, both in a class that has room': program(() => ({
    setup: (pool) => {
      const gone = pool.malloc(HALF_BYTES);
      const kept = filled(pool, HALF_BYTES, A);
      pool.free(gone);
      return { kept };
    },
    agents: { one: malloc, two: malloc },
    contents: ({ kept }, { one, two }) =>
      new Map([
        [kept, A],
        [one as number, -1],
        [two as number, -1],
      ]),
  })),
  'a malloc beside a malloc, both first of their class': program(() => ({
    setup: () => ({}),
    agents: { one: malloc, two: malloc },
    contents: (_, { one, two }) =>
      new Map([
        [one as number, -1],
        [two as number, -1],
      ]),
  })),
  'a malloc beside a malloc of another class, both first': program(() => ({
    setup: () => ({}),
    agents: { one: malloc, two: (pool) => pool.malloc(64) },
    contents: (_, { one, two }) =>
      new Map([
        [one as number, -1],
        [two as number, -1],
      ]),
  })),
  'a free beside a free that empties the zspage': program(() => ({
    setup: (pool) => ({ one: pool.malloc(HALF_BYTES), two: pool.malloc(HALF_BYTES) }),
    agents: { one: (pool, start) => pool.free(start.one), two: (pool, start) => pool.free(start.two) },
    contents: () => new Map(),
  })),
  'a free beside a free of the same handle: exactly one succeeds': program(() => ({
    racy: ['cells', 'owners'],
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
    racy: ['cells', 'owners'],
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
  'a read beside a compaction that moves the object': program<Halves>((strategy) => ({
    racy: hintsOf(strategy),
    setup: halves,
    agents: { read: readMoved, compact },
    contents: bothHalves,
  })),
  'reads of two objects beside a compaction that moves one beside the other': program<Halves>((strategy) => ({
    racy: hintsOf(strategy),
    setup: halves,
    agents: {
      read: (pool, { moved, still }) => {
        pool.read(moved, (bytes) => {
          expectAll(bytes, A);
          // Nested, so that the first is inside its zspage meanwhile.
          pool.read(still, (others) => expectAll(others, B));
          expectAll(bytes, A);
        });
      },
      compact,
    },
    contents: bothHalves,
  })),
  'a write beside a compaction that moves the object': program<Halves>((strategy) => ({
    racy: hintsOf(strategy),
    setup: halves,
    agents: { write: writeMoved, compact },
    contents: ({ moved, still }) =>
      new Map([
        [moved, -1],
        [still, B],
      ]),
    check: (_, { moved }, pool) => withBytes(pool, moved, C, 11),
  })),
  'a free beside a compaction that moves the object': program<Halves>((strategy) => ({
    racy: ['estimates', ...hintsOf(strategy)],
    setup: halves,
    agents: { free: (pool, { moved }) => pool.free(moved), compact },
    contents: ({ still }) => new Map([[still, B]]),
  })),
  'a free beside a compaction that moves another object beside it': program<Halves>((strategy) => ({
    racy: ['estimates', ...hintsOf(strategy)],
    setup: halves,
    agents: { free: (pool, { still }) => pool.free(still), compact },
    contents: ({ moved }) => new Map([[moved, A]]),
  })),
  'a malloc beside a compaction of its class': program<Halves>(() => ({
    racy: ['estimates'],
    setup: halves,
    agents: { malloc, compact },
    contents: (start, { malloc: made }) => bothHalves(start).set(made as number, -1),
  })),
  'a compaction beside a compaction: at least one runs': program<Halves>(() => ({
    setup: halves,
    agents: { one: compact, two: compact },
    contents: bothHalves,
    check: ({ one, two }, _, pool) => {
      if (one !== true && two !== true) throw new Error('neither compaction ran');
      if (pool.stats().zspages !== 1) throw new Error('the objects are in two zspages still');
    },
  })),
  'a read beside the migration of its page': program((strategy) => ({
    racy: hintsOf(strategy),
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: {
      read: (pool, { object }) => pool.read(object, (bytes) => expectAll(bytes, A)),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ object }) => new Map([[object, A]]),
  })),
  'a write beside the migration of its page': program((strategy) => ({
    racy: hintsOf(strategy),
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: {
      write: (pool, { object }) => pool.write(object, new Uint8Array(4).fill(C), 8),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ object }) => new Map([[object, -1]]),
    check: (_, { object }, pool) => withBytes(pool, object, C, 11),
  })),
  'a read beside the migration of its second page': program((strategy) => ({
    racy: hintsOf(strategy),
    setup: (pool) => {
      const first = filled(pool, SPANNING_BYTES, B);
      return { first, object: filled(pool, SPANNING_BYTES, A), page: pageOf(pool, 2) };
    },
    agents: {
      read: (pool, { object }) => pool.read(object, (bytes) => expectAll(bytes, A)),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ first, object }) =>
      new Map([
        [first, B],
        [object, A],
      ]),
  })),
  'a free beside the migration of its page': program((strategy) => ({
    racy: ['owners', ...hintsOf(strategy)],
    setup: (pool) => ({ object: pool.malloc(HALF_BYTES), page: pageOf(pool, 1) }),
    agents: {
      free: (pool, { object }) => pool.free(object),
      migrate: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: () => new Map(),
  })),
  'a malloc beside the migration of the page it takes a slot of': program((strategy) => ({
    racy: hintsOf(strategy),
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: { malloc, migrate: (pool, { page }) => pool.migratePage(page).result },
    contents: ({ object }, { malloc: made }) =>
      new Map([
        [object, A],
        [made as number, -1],
      ]),
  })),
  'a compaction beside the migration of a page of its class': program(() => ({
    racy: ['owners'],
    setup: (pool) => ({ ...halves(pool), page: pageOf(pool, 1) }),
    agents: { migrate: (pool, { page }) => pool.migratePage(page).result, compact },
    contents: bothHalves,
  })),
  'a migration beside a migration of the same page': program((strategy) => ({
    racy: ['owners', ...hintsOf(strategy)],
    setup: (pool) => ({ object: filled(pool, HALF_BYTES, A), page: pageOf(pool, 1) }),
    agents: {
      one: (pool, { page }) => pool.migratePage(page).result,
      two: (pool, { page }) => pool.migratePage(page).result,
    },
    contents: ({ object }) => new Map([[object, A]]),
    check: ({ one, two }) => {
      if (one !== 'migrated' && two !== 'migrated') throw new Error('neither has migrated the page');
    },
  })),
  'a compaction that settles a zspage beside the migration of the page that this frees': program<Settling>(
    (strategy) => ({
      racy: ['owners', ...hintsOf(strategy)],
      setup: settling,
      agents: { migrate: (pool, { page }) => pool.migratePage(page).result, compact },
      contents: ({ object }) => new Map([[object, A]]),
    }),
  ),
  'a read beside a compaction that settles the zspage of the object': program<Settling>((strategy) => ({
    racy: hintsOf(strategy),
    setup: settling,
    agents: { read: (pool, { object }) => pool.read(object, (bytes) => expectAll(bytes, A)), compact },
    contents: ({ object }) => new Map([[object, A]]),
  })),
  'a malloc beside a compaction that settles the zspage it takes a slot of': program<Settling>((strategy) => ({
    racy: ['estimates', ...hintsOf(strategy)],
    setup: settling,
    agents: { malloc: (pool) => pool.malloc(SPANNING_BYTES), compact },
    contents: ({ object }, { malloc: made }) =>
      new Map([
        [object, A],
        [made as number, -1],
      ]),
  })),
  'a read beside the free of its object, by mistake': program((strategy) => ({
    racy: ['cells', 'owners', 'freedSlots'],
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
  'two reads beside a compaction': program<Halves>((strategy) => ({
    racy: hintsOf(strategy),
    setup: halves,
    agents: { readMoved, readStill, compact },
    contents: bothHalves,
  })),
  'a read and a write beside a compaction': program<Halves>((strategy) => ({
    racy: hintsOf(strategy),
    setup: halves,
    agents: { readStill, writeMoved, compact },
    contents: ({ moved, still }) =>
      new Map([
        [moved, -1],
        [still, B],
      ]),
    check: (_, { moved }, pool) => withBytes(pool, moved, C, 11),
  })),
  'a malloc and a free beside a compaction': program<Halves>((strategy) => ({
    racy: ['estimates', ...hintsOf(strategy)],
    setup: halves,
    agents: { malloc, free: (pool, { moved }) => pool.free(moved), compact },
    contents: ({ still }, { malloc: made }) =>
      new Map([
        [still, B],
        [made as number, -1],
      ]),
  })),
};

/** A zspage of two pages with one object, in its last slot: compaction moves it to the first and frees the second page. */
interface Settling {
  readonly object: number;
  readonly page: number;
}

function settling(pool: AgentPool): Settling {
  const first = pool.malloc(SPANNING_BYTES);
  const second = pool.malloc(SPANNING_BYTES);
  const object = filled(pool, SPANNING_BYTES, A);
  pool.free(first);
  pool.free(second);
  return { object, page: pageOf(pool, 2) };
}

/** The n-th component page of a fresh pool; the page before the first holds handle cells. */
function pageOf(pool: AgentPool, n: number): number {
  const offsets = new Set<number>();
  const { pageBytes, pagesTotal, bufferBytes } = pool.stats();
  for (let page = bufferBytes / pageBytes - pagesTotal; page < bufferBytes / pageBytes; page++) offsets.add(page);
  return [...offsets][n];
}
