import { describe, expect, it } from 'vitest';
import { HEADER } from '../src/layout/records.ts';
import { pagesForSlots } from '../src/size-class.ts';
import {
  SEED,
  classFor,
  dataPagesOf,
  expectFilled,
  filled,
  pattern,
  randomBy,
  refusal,
  rowOf,
  usePool,
} from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

const BOUNDARY_SIZES = [
  1, 7, 8, 9, 23, 24, 25, 40, 41, 504, 505, 1000, 1017, 2040, 2041, 3256, 3257, 3624, 3625, 4080, 4088, 4089, 4095,
  4096,
];

describe('malloc', () => {
  it.each([0, -1, 4097, 1.5, Number.NaN, Infinity, '8', null, undefined])('rejects %s as a size', (size) => {
    const { pool } = usePool();
    const error = refusal(() => pool.malloc(size as number), 'ERR_ZS_BAD_SIZE');
    expect(error.message).toContain(`cannot allocate ${String(size)} bytes`);
    refusal(() => pool.tryMalloc(size as number), 'ERR_ZS_BAD_SIZE');
    expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0 });
  });

  it.each(BOUNDARY_SIZES)('keeps %i bytes as they were written, for a whole zspage of them', (size) => {
    const made = usePool();
    const { pool } = made;
    const { objectsPerZspage } = classFor(made, size);
    const handles = Array.from({ length: objectsPerZspage + 1 }, (_, i) => filled(pool, size, i));
    expect(pool.stats()).toMatchObject({
      zspages: 2,
      objects: objectsPerZspage + 1,
      bytesStored: size * (objectsPerZspage + 1),
    });
    pool.verify();
    for (const [i, handle] of handles.entries()) expectFilled(pool, handle, size, i);
    for (const [i, handle] of handles.entries()) if (i % 2 === 0) pool.free(handle);
    pool.verify();
    for (const [i, handle] of handles.entries()) if (i % 2 === 1) expectFilled(pool, handle, size, i);
    for (const [i, handle] of handles.entries()) if (i % 2 === 1) pool.free(handle);
    expect(pool.stats()).toMatchObject({ zspages: 0, objects: 0, bytesStored: 0, pagesUsed: 0 });
  });

  it.each([
    [4096, 4],
    [4096, 8],
    [4096, 16],
    [8192, 8],
    [65_536, 8],
    [65_536, 16],
  ])(
    'serves the smallest and the largest object of every class of %i-byte pages with chains of %i',
    (pageBytes, chainPages) => {
      const { pool, plan } = usePool({ pageBytes, chainPages, bytes: 32 * 2 ** 20 });
      const sizes = plan.shape.classes.flatMap(({ sizeBytes, huge, ordinal }) => {
        const below = ordinal === 0 ? 0 : plan.shape.classes[ordinal - 1]!.sizeBytes - 8;
        return [below + 1, huge ? sizeBytes : sizeBytes - 8];
      });
      const handles = sizes.map((size, i) => filled(pool, size, i));
      pool.verify();
      expect(pool.classes().every((row) => row.objectsInUse === 2)).toBe(true);
      for (const [i, handle] of handles.entries()) expectFilled(pool, handle, sizes[i]!, i);
      for (const handle of handles) pool.free(handle);
      expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0 });
    },
  );

  it('hands out the slot that was freed last', () => {
    const { pool } = usePool();
    const handles = Array.from({ length: 20 }, () => pool.malloc(100));
    const offsetOf = (handle: number): number => {
      const offset = pool.readBegin(handle);
      pool.readEnd(offset);
      return offset;
    };
    const offsets = handles.map(offsetOf);
    for (const i of [3, 11, 7]) pool.free(handles[i]!);
    expect([0, 1, 2].map(() => offsetOf(pool.malloc(100)))).toEqual([7, 11, 3].map((i) => offsets[i]));
  });

  it('fills the fullest zspage that has room', () => {
    const made = usePool();
    const { pool } = made;
    const { objectsPerZspage } = classFor(made, 500);
    const [a, b, c] = [0, 1, 2].map(() => Array.from({ length: objectsPerZspage }, () => pool.malloc(500))) as [
      number[],
      number[],
      number[],
    ];
    pool.free(a[0]!);
    for (const handle of b.slice(0, 4)) pool.free(handle);
    for (const handle of c.slice(0, 6)) pool.free(handle);
    const groupsAfter = (): number[] =>
      rowOf(made, 500).groups.flatMap((count, group) => Array.from({ length: count }, () => group));
    expect(objectsPerZspage).toBe(8);
    expect(groupsAfter()).toEqual([3, 6, 9]);
    pool.malloc(500);
    expect(groupsAfter()).toEqual([3, 6, 11]);
    pool.malloc(500);
    expect(groupsAfter()).toEqual([3, 7, 11]);
  });

  it('gives a zspage one page at a time, when a slot reaches it', () => {
    const made = usePool();
    const { pool } = made;
    const { sizeBytes, objectsPerZspage, pagesPerZspage } = classFor(made, 3600);
    expect([objectsPerZspage, pagesPerZspage]).toEqual([9, 8]);
    const used: number[] = [];
    for (let objects = 1; objects <= 10; objects++) {
      pool.malloc(3600);
      used.push(pool.stats().pagesUsed);
    }
    expect(used).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 9]);
    expect(used.slice(0, 9)).toEqual(Array.from({ length: 9 }, (_, i) => pagesForSlots(i + 1, sizeBytes, 4096)));
  });
});

/** A zspage whose only object was freed while somebody was inside it. */
function leaveEmpty(made: TestPool, size: number): void {
  const handle = made.pool.malloc(size);
  const offset = made.pool.readBegin(handle);
  made.pool.free(handle);
  expect(rowOf(made, size)).toMatchObject({ pagesUsed: 1, objectsInUse: 0 });
  expect(rowOf(made, size).groups[0]).toBe(1);
  made.pool.verify();
  made.pool.readEnd(offset);
  expect(rowOf(made, size).groups[0]).toBe(1);
}

describe('free', () => {
  it('rejects a second free and changes nothing by it', () => {
    const { pool } = usePool();
    const [kept, freed] = [filled(pool, 300, 1), filled(pool, 300, 2)];
    pool.free(freed);
    const before = pool.stats();
    refusal(() => pool.free(freed), 'ERR_ZS_BAD_HANDLE');
    expect(pool.stats()).toEqual(before);
    expectFilled(pool, kept, 300, 1);
  });

  it('gives a zspage and all its pages back with its last object, in any order', () => {
    const random = randomBy(SEED);
    for (const size of [24, 40, 520, 3600, 4000]) {
      const made = usePool();
      const { objectsPerZspage, pagesPerZspage } = classFor(made, size);
      const handles = Array.from({ length: objectsPerZspage }, () => made.pool.malloc(size));
      const free = made.pool.stats().pagesFree;
      while (handles.length > 1) made.pool.free(handles.splice(Math.floor(random() * handles.length), 1)[0]!);
      expect(made.pool.stats().pagesFree, `size ${size}, seed ${SEED}`).toBe(free);
      made.pool.free(handles[0]!);
      expect(made.pool.stats(), `size ${size}`).toMatchObject({
        pagesFree: free + pagesPerZspage,
        pagesUsed: 0,
        zspages: 0,
      });
    }
  });

  it.each([100, 4096])(
    'leaves an empty zspage of %i-byte objects while somebody is inside, and compact collects it',
    (size) => {
      const made = usePool();
      leaveEmpty(made, size);
      expect(made.pool.compact()).toMatchObject({ freedPages: 1, movedObjects: 0, skippedZspages: 0 });
      expect(made.pool.stats()).toMatchObject({ pagesUsed: 0, zspages: 0 });
    },
  );

  it.each([100, 4096])(
    'reuses an empty zspage of %i-byte objects that was left, and gives it back with its next object',
    (size) => {
      const made = usePool();
      leaveEmpty(made, size);
      const handle = filled(made.pool, size, 5);
      expect(made.pool.stats()).toMatchObject({ pagesUsed: 1, zspages: 1 });
      expectFilled(made.pool, handle, size, 5);
      made.pool.free(handle);
      expect(made.pool.stats()).toMatchObject({ pagesUsed: 0, zspages: 0 });
    },
  );

  it('leaves an empty zspage that a shortage of pages collects', () => {
    const made = usePool({ dataPages: 17 });
    leaveEmpty(made, 100);
    let huge = 0;
    while (made.pool.tryMalloc(4096) !== 0) huge++;
    // All pages but the one of the cells.
    expect(huge).toBe(dataPagesOf(made) - 1);
  });
});

describe('a full pool', () => {
  const sizes = [4096, 3600, 3000, 1500, 700, 520, 100, 40, 24];

  /** Allocates objects of mixed sizes until the first refusal. */
  function fill({ pool }: TestPool, random: () => number): Map<number, [number, number]> {
    const live = new Map<number, [number, number]>();
    for (let i = 0; ; i++) {
      const size = sizes[Math.floor(random() * sizes.length)]!;
      const handle = pool.tryMalloc(size);
      if (handle === 0) {
        refusal(() => pool.malloc(size), 'ERR_ZS_NO_MEMORY');
        return live;
      }
      live.set(handle, [size, i]);
      pool.write(handle, pattern(size, i));
    }
  }

  it.each(Array.from({ length: 25 }, (_, n) => n))(
    `of %i pages beyond the minimum loses nothing (seed ${SEED})`,
    (n) => {
      const made = usePool({ dataPages: 17 + n, agents: 1 });
      const { pool } = made;
      const total = dataPagesOf(made);
      for (let round = 0; round < 3; round++) {
        const live = fill(made, randomBy(SEED + 100 * n + round));
        pool.verify();
        const { pagesFree, pagesUsed, pagesOfHandles, objects } = pool.stats();
        expect([pagesFree + pagesUsed + pagesOfHandles, objects]).toEqual([total, live.size]);
        for (const [handle, [size, seed]] of live) expectFilled(pool, handle, size, seed);
        for (const handle of live.keys()) pool.free(handle);
        expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0, bytesStored: 0, zspages: 0 });
        expect(pool.stats().pagesFree + pool.stats().pagesOfHandles).toBe(total);
        pool.verify();
      }
    },
  );

  it('refuses the object whose page is missing and serves every class that has a free slot', () => {
    const made = usePool({ dataPages: 17, agents: 1 });
    const { pool } = made;
    const small = pool.malloc(24);
    while (pool.tryMalloc(4096) !== 0);
    const error = refusal(() => pool.malloc(4096), 'ERR_ZS_NO_MEMORY');
    expect(error.facts).toMatchObject({ sizeBytes: 4096, pageBytes: 4096, pages: dataPagesOf(made) });
    refusal(() => pool.malloc(100), 'ERR_ZS_NO_MEMORY');
    for (let i = 0; i < 31; i++) pool.malloc(24);
    pool.free(small);
    expect(pool.malloc(24)).toBeGreaterThan(0);
  });

  it('takes a slot that needs no page from a zspage that is not the fullest', () => {
    const made = usePool({ dataPages: 17, agents: 1 });
    const { pool } = made;
    // A zspage with a free slot but few objects, and a fuller one that must grow for its next slot.
    const first = Array.from({ length: 9 }, () => pool.malloc(3600));
    const second = Array.from({ length: 5 }, () => pool.malloc(3600));
    for (const handle of first.slice(0, 6)) pool.free(handle);
    while (pool.tryMalloc(4096) !== 0);
    expect(rowOf(made, 3600).objectsInUse).toBe(8);
    for (let i = 0; i < 6; i++) expect(pool.tryMalloc(3600), `object ${i}`).not.toBe(0);
    expect(pool.tryMalloc(3600)).toBe(0);
    expect(second.map((handle) => pool.sizeOf(handle))).toEqual([3600, 3600, 3600, 3600, 3600]);
  });

  it('takes a slot that needs no page even when emptier and fuller zspages would have to grow', () => {
    const made = usePool({ dataPages: 24, agents: 1 });
    const { pool } = made;
    const [roomy, low, fullest] = [9, 9, 5].map((count, z) =>
      Array.from({ length: count }, (_, i) => filled(pool, 3600, 10 * z + i)),
    ) as [number[], number[], number[]];
    for (let pages = pool.stats().pagesFree; pages > 0; pages--) pool.malloc(4096);
    for (const handle of low.slice(1)) pool.free(handle);
    // Without a free page the fullest zspage cannot take the object that is left: its zspage is settled instead.
    expect(pool.compact()).toMatchObject({ movedObjects: 0, freedPages: 7 });
    for (let pages = pool.stats().pagesFree; pages > 0; pages--) pool.malloc(4096);
    for (const handle of roomy.slice(3)) pool.free(handle);
    for (let i = 0; i < 6; i++) expect(pool.tryMalloc(3600), `object ${i}`).not.toBe(0);
    expect(pool.tryMalloc(3600)).toBe(0);
    for (const [i, handle] of fullest.entries()) expectFilled(pool, handle, 3600, 20 + i);
  });

  it('takes back the cells that other classes keep', () => {
    const made = usePool({ dataPages: 17, agents: 1 });
    const { pool, words } = made;
    for (let i = 0; i < 11; i++) pool.malloc(4096);
    for (let i = 0; i < 32; i++) pool.malloc(24);
    // 14 classes that keep 64 free cells each. With these two that leaves 63 of the first page's 1023 cells.
    for (let size = 40; size <= 248; size += 16) {
      const handles = Array.from({ length: 64 }, () => pool.malloc(size));
      for (const handle of handles) pool.free(handle);
    }
    for (let pages = pool.stats().pagesFree; pages > 0; pages--) pool.malloc(4096);
    for (let i = 0; i < 63; i++) pool.malloc(24);
    expect([words[HEADER.at.cellFresh], words[HEADER.at.cellFreeCount], pool.stats().pagesFree]).toEqual([1024, 0, 0]);
    expect(pool.malloc(24)).toBeGreaterThan(0);
    expect(words[HEADER.at.cellFreeCount]).toBeGreaterThan(800);
    expect(pool.stats().pagesOfHandles).toBe(1);
  });
});
