// Programs of two agents on one small pool: mallocs, frees, reads, writes and compactions that meet in a lock.

import { Violation } from '../host/small-host.ts';
import {
  A,
  B,
  C,
  BAD_HANDLE,
  HALF_BYTES,
  bothHalves,
  compact,
  expectAll,
  filled,
  halves,
  hintsOf,
  malloc,
  outcomeOf,
  program,
  readMoved,
  readStill,
  withBytes,
  writeMoved,
} from './program-parts.ts';
import type { Build, Halves } from './program-parts.ts';

/** See the head of the file. */
export const objectPrograms: Readonly<Record<string, Build>> = {
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
      if (outcomes !== `${BAD_HANDLE}, done`) throw new Violation(`two frees of one handle ended as ${outcomes}`);
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
      if (outcomes !== `${BAD_HANDLE}, done`) throw new Violation(`two frees of one handle ended as ${outcomes}`);
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
  'a batch of reads beside a compaction that moves one object beside the other': program<Halves>(() => ({
    // All strategies look for the next object of a batch by a hint.
    racy: ['cells', 'owners'],
    setup: halves,
    agents: {
      read: (pool, { moved, still }) => {
        const target = new Uint8Array(2 * HALF_BYTES);
        pool.readMany([still, moved], target);
        expectAll(target.subarray(0, HALF_BYTES), B);
        expectAll(target.subarray(HALF_BYTES), A);
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
      if (one !== true && two !== true) throw new Violation('neither compaction ran');
      if (pool.stats().zspages !== 1) throw new Violation('the objects are in two zspages still');
    },
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
      if (read !== 'done' && read !== BAD_HANDLE) throw new Violation(`the read ended as ${String(read)}`);
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
      if (outcomes !== 'ERR_ZS_AGENTS_FULL, done') throw new Violation(`two attaches ended as ${outcomes}`);
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
