import { describe, expect, it } from 'vitest';
import { pagesPacked } from '../src/size-class.ts';
import { SEED, attachTo, classField, classFor, filled, randomBy, usePool } from './use-pool.ts';

describe('stats and classes', () => {
  it(`agree with a model through random allocations and frees (seed ${SEED})`, () => {
    const random = randomBy(SEED);
    const made = usePool({ bytes: 4 * 2 ** 20 });
    const { pool, plan } = made;
    const model = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      if (random() < 0.55) {
        const size = 1 + Math.floor(random() ** 3 * 4096);
        model.set(pool.malloc(size), size);
      } else {
        const handle = [...model.keys()][Math.floor(random() * model.size)];
        if (handle === undefined) continue;
        model.delete(handle);
        pool.free(handle);
      }
      if (i % 200 !== 0) continue;
      const stats = pool.stats();
      const rows = pool.classes();
      const bytes = [...model.values()].reduce((sum, size) => sum + size, 0);
      expect(stats).toMatchObject({
        objects: model.size,
        bytesStored: bytes,
        pageBytes: 4096,
        bufferBytes: pool.bytes.length,
        agents: 1,
        strategyId: 'solo',
      });
      expect(stats.pagesFree + stats.pagesUsed + stats.pagesOfHandles).toBe(stats.pagesTotal);
      expect(stats.pagesTotal).toBe(plan.pages - plan.firstPage);
      expect(stats.bytesUsed).toBe(stats.pagesUsed * 4096);
      expect(stats.pagesFreeable).toBe(pool.shrinkable());
      const perClass = new Map<number, { objects: number; bytes: number }>();
      for (const size of model.values()) {
        const { ordinal } = classFor(made, size);
        const { objects, bytes: sum } = perClass.get(ordinal) ?? { objects: 0, bytes: 0 };
        perClass.set(ordinal, { objects: objects + 1, bytes: sum + size });
      }
      for (const [ordinal, row] of rows.entries()) {
        const sizeClass = plan.shape.classes[ordinal]!;
        const { objects, bytes: sum } = perClass.get(ordinal) ?? { objects: 0, bytes: 0 };
        const zspages = row.groups.reduce((total, count) => total + count, 0);
        expect(row).toMatchObject({
          index: sizeClass.index,
          sizeBytes: sizeClass.sizeBytes,
          pagesPerZspage: sizeClass.pagesPerZspage,
          objectsPerZspage: sizeClass.objectsPerZspage,
          objectsInUse: objects,
          bytesStored: sum,
          objectsCapacity: zspages * sizeClass.objectsPerZspage,
          pagesFreeable: row.pagesUsed - pagesPacked(objects, sizeClass, 4096),
        });
        expect(row.groups).toHaveLength(12);
        expect(row.pagesUsed).toBeLessThanOrEqual(zspages * sizeClass.pagesPerZspage);
        expect(row.pagesUsed).toBeGreaterThanOrEqual(zspages);
      }
      const sum = (pick: (row: (typeof rows)[number]) => number): number =>
        rows.reduce((total, row) => total + pick(row), 0);
      expect([sum((row) => row.objectsCapacity), sum((row) => row.pagesUsed)]).toEqual([
        stats.objectsCapacity,
        stats.pagesUsed,
      ]);
      expect(sum((row) => row.groups.reduce((total, count) => total + count, 0))).toBe(stats.zspages);
    }
  });

  it('count metadata: the fixed tables, a record for each zspage, and the pages of cells', () => {
    const { pool, plan } = usePool();
    const empty = pool.stats();
    expect(empty.bytesMetadata).toBeLessThanOrEqual(plan.firstPage * 4096);
    expect(empty.bytesMetadata).toBeGreaterThan(plan.zspageBase * 4 - 1);
    pool.malloc(100);
    const one = pool.stats();
    expect(one.bytesMetadata - empty.bytesMetadata).toBe(plan.zspageStride * 4 + 4096);
    pool.malloc(100);
    expect(pool.stats().bytesMetadata).toBe(one.bytesMetadata);
  });

  it('count agents that are attached', () => {
    const made = usePool({ agents: 3 });
    const [second, third] = [attachTo(made), attachTo(made)];
    expect(made.pool.stats().agents).toBe(3);
    second.detach();
    expect(third.stats().agents).toBe(2);
    third.detach();
    expect(made.pool.stats().agents).toBe(1);
  });

  it('are plain data', () => {
    const { pool } = usePool();
    filled(pool, 100, 1);
    expect(structuredClone(pool.stats())).toEqual(pool.stats());
    expect(structuredClone(pool.classes())).toEqual(pool.classes());
  });

  it('carry the bytes of a class beyond 2^30 and back', () => {
    const made = usePool();
    const { pool, words } = made;
    const handles = [1, 2, 3].map((seed) => filled(pool, 4096, seed));
    const [low, high] = (['bytesLow', 'bytesHigh'] as const).map((field) =>
      classField(made, classFor(made, 4096).ordinal, field),
    ) as [number, number];
    // As if 2^31 - 10,000 bytes more were stored.
    const more = 2 ** 31 - 10_000;
    words[low]! += more - 2 ** 30;
    words[high]! += 1;
    const stored = (): number => pool.stats().bytesStored;
    const heldLow = (): boolean => words[low]! >= 0 && words[low]! < 2 ** 30;
    expect(stored()).toBe(more + 3 * 4096);
    const fourth = pool.malloc(4096);
    expect([stored(), words[high], heldLow()]).toEqual([more + 4 * 4096, 2, true]);
    pool.free(fourth);
    pool.free(handles.pop()!);
    expect([stored(), words[high], heldLow()]).toEqual([more + 2 * 4096, 1, true]);
    words[low]! -= more - 2 ** 30;
    words[high]! -= 1;
  });
});
