// Fullness lists and slots, through the pool: what its words say after each call.

import { describe, expect, it } from 'vitest';
import { fullnessGroup } from '../src/fullness.ts';
import { HEADER } from '../src/layout/records.ts';
import { classField, classFor, pageField, rowOf, usePool, zspageField } from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

/** Zspages of a fullness list, from its head. */
function listOf(made: TestPool, size: number, group: number): number[] {
  const found: number[] = [];
  for (
    let z = made.words[classField(made, classFor(made, size).ordinal, 'groupHeads') + group]!;
    z !== 0;
    z = made.words[zspageField(made, z, 'next')]!
  )
    found.push(z);
  return found;
}

describe('a zspage', () => {
  it.each([500, 1600, 3600, 60])(
    'of %i-byte objects is in the group of its objects after each malloc and free',
    (size) => {
      const made = usePool();
      const { objectsPerZspage } = classFor(made, size);
      const groups = (): number[] =>
        rowOf(made, size).groups.flatMap((count, group) => Array.from({ length: count }, () => group));
      const handles: number[] = [];
      for (let inuse = 1; inuse <= objectsPerZspage; inuse++) {
        handles.push(made.pool.malloc(size));
        expect(groups()).toEqual([fullnessGroup(inuse, objectsPerZspage)]);
      }
      for (let inuse = objectsPerZspage - 1; inuse > 0; inuse--) {
        made.pool.free(handles.pop()!);
        expect(groups()).toEqual([fullnessGroup(inuse, objectsPerZspage)]);
      }
      made.pool.free(handles.pop()!);
      expect(groups()).toEqual([]);
    },
  );

  it('moves to the full group when its last free slot is taken', () => {
    const made = usePool();
    for (let i = 0; i < classFor(made, 500).objectsPerZspage - 1; i++) made.pool.malloc(500);
    expect([listOf(made, 500, 9).length, listOf(made, 500, 11).length]).toEqual([1, 0]);
    made.pool.malloc(500);
    expect([listOf(made, 500, 9).length, listOf(made, 500, 11).length]).toEqual([0, 1]);
  });

  it('goes to the head of the list that it enters', () => {
    const made = usePool();
    const { objectsPerZspage } = classFor(made, 500);
    const handles = Array.from({ length: 3 * objectsPerZspage }, () => made.pool.malloc(500));
    const [third, second, first] = listOf(made, 500, 11) as [number, number, number];
    for (const z of [1, 0, 2]) made.pool.free(handles[z * objectsPerZspage]!);
    expect(listOf(made, 500, 9)).toEqual([third, first, second]);
    made.pool.free(handles[1]!);
    expect([listOf(made, 500, 9), listOf(made, 500, 8)]).toEqual([[third, second], [first]]);
  });
});

describe('the page allocator', () => {
  it('hands out pages in order at first, then those that were freed, last first', () => {
    const made = usePool();
    const { pool, plan, words } = made;
    const pageOf = (handle: number): number => {
      const offset = pool.readBegin(handle);
      pool.readEnd(offset);
      return Math.floor(offset / plan.pageBytes);
    };
    const handles = Array.from({ length: 6 }, () => pool.malloc(4096));
    const pages = handles.map(pageOf);
    // The first page went to handle cells.
    expect(pages).toEqual([1, 2, 3, 4, 5, 6].map((i) => plan.firstPage + i));
    for (const i of [4, 1, 3]) pool.free(handles[i]!);
    expect(words[HEADER.at.pageFreeCount]).toBe(3);
    const fresh = words[HEADER.at.pageFresh];
    expect([0, 1, 2].map(() => pageOf(pool.malloc(4096)))).toEqual([3, 1, 4].map((i) => pages[i]));
    expect(words[HEADER.at.pageFresh]).toBe(fresh);
    expect(pageOf(pool.malloc(4096))).toBe(fresh);
  });

  it('reuses zspage records before fresh ones', () => {
    const made = usePool();
    const { pool, words } = made;
    const handles = [500, 1600, 3600].map((size) => pool.malloc(size));
    for (const handle of handles) pool.free(handle);
    const fresh = words[HEADER.at.zspageFresh];
    for (const size of [100, 200, 300]) pool.malloc(size);
    expect([words[HEADER.at.zspageFresh], words[HEADER.at.zspageFreeHead], words[HEADER.at.zspageCount]]).toEqual([
      fresh,
      0,
      3,
    ]);
  });

  it('leaves no owner in a page that it has got back', () => {
    const made = usePool();
    const { pool, plan, words } = made;
    const handles = Array.from({ length: 9 }, () => pool.malloc(3600));
    const owners = (): number =>
      Array.from({ length: plan.pages }, (_, page) => words[pageField(made, page, 'owner')]).filter(
        (owner) => owner !== 0,
      ).length;
    expect(owners()).toBe(8);
    for (const handle of handles.splice(1)) pool.free(handle);
    pool.compact();
    expect(owners()).toBe(1);
    pool.free(handles[0]!);
    expect(owners()).toBe(0);
  });
});
