// One victim for every operation of a pool, in the states in which it does something else.

import type { AgentPool } from '../../packages/core/src/pool.ts';
import type { CrashProgram, Known } from './crash-pool.ts';
import { HALF_BYTES, filled } from '../../packages/conformance/src/pool/program-parts.ts';

/** Three slots to a zspage of two pages, the second of which spans them. */
const SPANNING_BYTES = 2700;
const SMALL_BYTES = 40;
const HUGE_BYTES = 4000;
const A = 0x11;
const B = 0x22;
const C = 0x33;

const object = (pool: AgentPool, sizeBytes: number, byte: number): Known => ({
  handle: filled(pool, sizeBytes, byte),
  byte,
});

/** Two zspages with an object and a free slot each. */
function halves(pool: AgentPool): Known[] {
  const moved = object(pool, HALF_BYTES, A);
  const first = pool.malloc(HALF_BYTES);
  const still = object(pool, HALF_BYTES, B);
  const second = pool.malloc(HALF_BYTES);
  pool.free(first);
  pool.free(second);
  return [moved, still];
}

/** A zspage whose last object would fit its first page. */
function sparse(pool: AgentPool): Known[] {
  const first = pool.malloc(SPANNING_BYTES);
  const second = pool.malloc(SPANNING_BYTES);
  const last = object(pool, SPANNING_BYTES, A);
  pool.free(first);
  pool.free(second);
  return [last];
}

const pageOf = (pool: AgentPool, { handle }: Known): number => {
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  return Math.floor(offset / 4096);
};

type Program = Omit<CrashProgram, 'strategy'>;

export const crashPrograms: Readonly<Record<string, Program>> = {
  'malloc of the first object of a class': {
    setup: () => [],
    victim: (pool) => pool.malloc(SMALL_BYTES),
  },
  'malloc of a slot that was used before': {
    setup: (pool) => {
      const kept = object(pool, SMALL_BYTES, A);
      pool.free(pool.malloc(SMALL_BYTES));
      return [kept];
    },
    victim: (pool) => pool.malloc(SMALL_BYTES),
  },
  'malloc of a slot that fills its zspage': {
    setup: (pool) => {
      const kept = object(pool, HALF_BYTES, A);
      pool.free(pool.malloc(HALF_BYTES));
      return [kept];
    },
    victim: (pool) => pool.malloc(HALF_BYTES),
  },
  'malloc that grows its zspage': {
    setup: (pool) => [object(pool, SPANNING_BYTES, A)],
    victim: (pool) => pool.malloc(SPANNING_BYTES),
  },
  'malloc of a huge object': {
    setup: (pool) => [object(pool, HUGE_BYTES, A)],
    victim: (pool) => pool.malloc(HUGE_BYTES),
  },
  'malloc in a full pool': {
    setup: (_, filler) => {
      const known: Known[] = [];
      for (let handle = filler.tryMalloc(HUGE_BYTES); handle !== 0; handle = filler.tryMalloc(HUGE_BYTES)) {
        known.push({ handle, byte: -1 });
      }
      return known;
    },
    victim: (pool) => pool.tryMalloc(SMALL_BYTES),
  },
  'free that leaves others in the zspage': {
    setup: (pool) => [object(pool, SMALL_BYTES, A), { ...object(pool, SMALL_BYTES, B), mayGo: true }],
    victim: (pool, known) => pool.free(known[1]!.handle),
  },
  'free of the last object of a zspage': {
    setup: (pool) => [object(pool, SMALL_BYTES, A), { ...object(pool, SPANNING_BYTES, B), mayGo: true }],
    victim: (pool, known) => pool.free(known[1]!.handle),
  },
  'free of a huge object': {
    setup: (pool) => [{ ...object(pool, HUGE_BYTES, B), mayGo: true }],
    victim: (pool, known) => pool.free(known[0]!.handle),
  },
  'frees of many objects, which give cells back': {
    setup: (pool) => Array.from({ length: 134 }, () => ({ ...object(pool, SMALL_BYTES, A), mayGo: true })),
    victim: (pool, known) => {
      for (const { handle } of known.slice(126)) pool.free(handle);
    },
  },
  'a read': {
    setup: (pool) => [object(pool, SPANNING_BYTES, A), object(pool, SPANNING_BYTES, B)],
    victim: (pool, known) => pool.read(known[1]!.handle, (bytes) => bytes[0]),
  },
  'reads inside reads': {
    setup: (pool) => [object(pool, SMALL_BYTES, A), object(pool, SMALL_BYTES, B), object(pool, HUGE_BYTES, C)],
    victim: (pool, [one, two, three]) =>
      pool.read(one!.handle, () => pool.read(two!.handle, () => pool.read(three!.handle, (bytes) => bytes[0]))),
  },
  'a write': {
    setup: (pool) => [
      { ...object(pool, SPANNING_BYTES, A), written: C },
      { ...object(pool, SPANNING_BYTES, B), written: C },
      { ...object(pool, HUGE_BYTES, B), written: C },
    ],
    victim: (pool, known) => {
      for (const { handle } of known) pool.write(handle, new Uint8Array(pool.sizeOf(handle)).fill(C));
    },
  },
  'a write of a part': {
    setup: (pool) => [{ ...object(pool, SPANNING_BYTES, A), byte: -1, written: -1 }],
    victim: (pool, known) => pool.write(known[0]!.handle, new Uint8Array(40).fill(C), 1380),
  },
  'a compaction that empties a zspage': {
    setup: halves,
    victim: (pool) => pool.compact(),
  },
  'a compaction that settles a zspage': {
    setup: sparse,
    victim: (pool) => pool.compact(),
  },
  'a compaction of objects that span pages': {
    setup: (pool) => {
      const known: Known[] = [];
      for (let zspage = 0; zspage < 3; zspage++) {
        known.push(object(pool, SPANNING_BYTES, A + zspage));
        const gone = [pool.malloc(SPANNING_BYTES), pool.malloc(SPANNING_BYTES)];
        for (const handle of gone) known.push({ handle, byte: -1 });
      }
      const kept = known.filter(({ byte }) => byte >= 0);
      for (const { handle, byte } of known) if (byte < 0) pool.free(handle);
      return kept;
    },
    victim: (pool) => pool.compact(),
  },
  'the migration of a page': {
    setup: (pool) => [object(pool, HALF_BYTES, A), object(pool, HALF_BYTES, B)],
    victim: (pool, known) => pool.migratePage(pageOf(pool, known[0]!)),
  },
  'the migration of the second page of a zspage': {
    setup: (pool) => [
      object(pool, SPANNING_BYTES, A),
      object(pool, SPANNING_BYTES, B),
      object(pool, SPANNING_BYTES, C),
    ],
    victim: (pool, known) => pool.migratePage(pageOf(pool, known[2]!)),
  },
  'the migration of a huge page': {
    setup: (pool) => [object(pool, HUGE_BYTES, A)],
    victim: (pool, known) => pool.migratePage(pageOf(pool, known[0]!)),
  },
  'malloc and free after another agent has freed': {
    setup: (_, filler) => {
      const known = [object(filler, SMALL_BYTES, A), object(filler, SMALL_BYTES, B)];
      filler.free(filler.malloc(SMALL_BYTES));
      return known.map((each, i) => (i === 1 ? { ...each, mayGo: true } : each));
    },
    victim: (pool, known) => {
      pool.free(known[1]!.handle);
      return pool.malloc(SMALL_BYTES);
    },
  },
  'verify, stats and classes': {
    setup: (pool) => [object(pool, SMALL_BYTES, A)],
    victim: (pool) => pool.stats(),
  },
  'malloc from a cache and frees into it': {
    cacheBytes: 4096,
    setup: (pool) => [
      object(pool, SMALL_BYTES, A),
      ...[B, C, B, C].map((byte) => ({ ...object(pool, SMALL_BYTES, byte), mayGo: true })),
    ],
    victim: (pool, known) => {
      for (const { handle } of known.slice(1, 4)) pool.free(handle);
      const last = pool.malloc(SMALL_BYTES);
      pool.free(last);
      pool.free(known[4]!.handle);
      return pool.malloc(SMALL_BYTES);
    },
  },
  'malloc of a huge object from a cache and frees into it': {
    cacheBytes: 2 ** 16,
    setup: (pool) => [
      object(pool, 4096, A),
      ...[B, C, B].map((byte) => ({ ...object(pool, 4096, byte), mayGo: true })),
    ],
    victim: (pool, known) => {
      for (const { handle } of known.slice(1, 3)) pool.free(handle);
      const last = pool.malloc(4096);
      pool.free(last);
      pool.free(known[3]!.handle);
      return pool.malloc(4096);
    },
  },
  'a malloc that stocks a cache': {
    cacheBytes: 4096,
    setup: (pool) => {
      const kept = object(pool, SMALL_BYTES, A);
      for (const handle of [1, 2, 3].map(() => pool.malloc(SMALL_BYTES))) pool.free(handle);
      pool.compact();
      return [kept];
    },
    victim: (pool) => pool.malloc(SMALL_BYTES),
  },
  'frees into a cache that is full': {
    cacheBytes: 4096,
    setup: (pool) => [0, 1, 2, 3, 4, 5].map(() => ({ ...object(pool, HALF_BYTES / 2, A), mayGo: true })),
    victim: (pool, known) => {
      for (const { handle } of known) pool.free(handle);
    },
  },
  'frees that fill the depot': {
    cacheBytes: 16_384,
    setup: (pool) => [
      object(pool, HALF_BYTES, A),
      ...[B, C, B].map((byte) => ({ ...object(pool, HALF_BYTES, byte), mayGo: true })),
    ],
    victim: (pool, known) => {
      for (const { handle } of known.slice(1)) pool.free(handle);
    },
  },
  'a malloc that empties the depot': {
    cacheBytes: 16_384,
    setup: (pool, filler) => {
      const kept = object(pool, HALF_BYTES, A);
      for (const handle of [1, 2, 3].map(() => filler.malloc(HALF_BYTES))) filler.free(handle);
      return [kept];
    },
    victim: (pool) => pool.malloc(HALF_BYTES),
  },
  'a compaction that takes what another agent has cached': {
    cacheBytes: 16_384,
    setup: (pool, filler) => {
      const known = halves(pool);
      for (const handle of [1, 2].map(() => filler.malloc(HALF_BYTES))) filler.free(handle);
      return known;
    },
    victim: (pool) => pool.compact(),
  },
  'a detach with objects cached': {
    cacheBytes: 4096,
    setup: (pool) => [{ ...object(pool, SMALL_BYTES, A), mayGo: true }],
    victim: (pool, known) => {
      pool.free(known[0]!.handle);
      pool.detach();
    },
  },
  detach: {
    setup: (pool) => [object(pool, SMALL_BYTES, A)],
    victim: (pool) => pool.detach(),
  },
};
