// Programs of two agents on one small pool: migrations of pages, and compactions that settle a zspage.

import { Violation } from '../host/small-host.ts';
import {
  A,
  B,
  C,
  HALF_BYTES,
  SPANNING_BYTES,
  bothHalves,
  compact,
  expectAll,
  filled,
  halves,
  hintsOf,
  malloc,
  pageOf,
  program,
  settling,
  withBytes,
} from './program-parts.ts';
import type { Build, Settling } from './program-parts.ts';

/** See the head of the file. */
export const migrationPrograms: Readonly<Record<string, Build>> = {
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
      if (one !== 'migrated' && two !== 'migrated') throw new Violation('neither has migrated the page');
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
};
