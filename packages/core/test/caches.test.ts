// Agent caches: what users see of them is speed. All else is as without.

import { describe, expect, it } from 'vitest';
import { CACHE, CACHED, CLASS, DEPOT, MAGAZINE } from '../src/layout/records.ts';
import type { HoldingPool } from '../src/api.ts';
import { attachTo, classFor, expectFilled, filled, makePool, refusal, usePool } from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

const caches = { bytes: 65_536 };
const endOfTurn = (): Promise<void> => Promise.resolve();

const useCached = (more: object = {}): TestPool => usePool({ dataPages: 60, agents: 3, caches, ...more });

function magazineOf({ plan }: TestPool, agent: number, ordinal: number): number {
  return plan.cacheBase + agent * plan.cacheStride + CACHE.words + ordinal * MAGAZINE.words;
}

/** How often a pool takes the lock of a class while `call` runs. */
function locksOf(made: TestPool, call: () => void): number {
  made.strategy.acquisitions = 0;
  call();
  return made.strategy.acquisitions;
}

describe('malloc and free', () => {
  it.each([100, 4096])('take no lock once a magazine is leased and has something: %i bytes', (sizeBytes) => {
    const made = useCached();
    const { pool } = made;
    pool.free(pool.malloc(sizeBytes));
    pool.free(pool.malloc(sizeBytes));
    expect(locksOf(made, () => pool.free(pool.malloc(sizeBytes)))).toBe(0);
    expect(locksOf(made, () => pool.free(pool.malloc(700)))).toBeGreaterThan(0);
  });

  it('count objects and bytes as without caches', () => {
    const { pool } = useCached();
    const handles = Array.from({ length: 50 }, (_, i) => filled(pool, 100 + i, i));
    for (const handle of handles.slice(10)) pool.free(handle);
    const { objects, objectsCached, bytesStored } = pool.stats();
    expect(objects).toBe(10);
    expect(objectsCached).toBeGreaterThan(0);
    expect(bytesStored).toBe(10 * 100 + 45);
    for (const [i, handle] of handles.slice(0, 10).entries()) expectFilled(pool, handle, 100 + i, i);
  });

  it.each([64, 4096])('know stale handles, in every agent: %i bytes', (sizeBytes) => {
    const made = useCached();
    const { pool } = made;
    const other = attachTo(made);
    const stale = pool.malloc(sizeBytes);
    pool.free(stale);
    const next = pool.malloc(sizeBytes);
    expect(next).not.toBe(stale);
    for (const each of [pool, other]) {
      refusal(() => each.free(stale), 'ERR_ZS_BAD_HANDLE');
      refusal(() => each.sizeOf(stale), 'ERR_ZS_BAD_HANDLE');
      refusal(() => each.write(stale, new Uint8Array(1)), 'ERR_ZS_BAD_HANDLE');
    }
    pool.free(next);
    // Freed twice, with nothing in between, and the handle that a cached slot will have next.
    for (const each of [pool, other]) {
      refusal(() => each.free(next), 'ERR_ZS_BAD_HANDLE');
      const coming = ((next ^ made.key) + (1 << made.plan.cellBits)) ^ made.key;
      refusal(() => each.free(coming), 'ERR_ZS_BAD_HANDLE');
      refusal(() => each.sizeOf(coming), 'ERR_ZS_BAD_HANDLE');
    }
  });

  it('refuse what is no handle and no size', () => {
    const { pool } = useCached();
    pool.free(pool.malloc(64));
    for (const wrong of [0, -1, 2 ** 30, 1.5, Number.NaN, 12_345]) {
      refusal(() => pool.free(wrong), 'ERR_ZS_BAD_HANDLE');
    }
    for (const wrong of [0, -1, 4097, 1.5]) refusal(() => pool.malloc(wrong), 'ERR_ZS_BAD_SIZE');
  });

  it('free what another agent has allocated into the own cache', () => {
    const made = useCached();
    const other = attachTo(made);
    const handles = Array.from({ length: 8 }, () => made.pool.malloc(64));
    for (const handle of handles) other.free(handle);
    const { objects, objectsCached } = made.pool.stats();
    expect(objects).toBe(0);
    expect(objectsCached).toBeGreaterThan(0);
    other.detach();
  });
});

describe('what is cached', () => {
  it('stays within the budget, over all classes', () => {
    const { pool, plan } = useCached({ caches: { bytes: 8192 }, dataPages: 300 });
    for (let round = 0; round < 4; round++) {
      const handles = plan.shape.classes.flatMap(({ sizeBytes }) =>
        Array.from({ length: 6 }, () => pool.malloc(Math.min(4096, sizeBytes - 8))),
      );
      for (const handle of handles) pool.free(handle);
      const bytes = pool.classes().reduce((sum, row) => sum + row.objectsCached * row.sizeBytes, 0);
      expect(bytes).toBeGreaterThan(0);
      // As much again in the depots.
      expect(bytes).toBeLessThanOrEqual(2 * 8192);
    }
  });

  it.each([64, 4096])('is given back when the agent detaches: %i bytes', (sizeBytes) => {
    const made = useCached();
    const other = attachTo(made);
    for (const handle of Array.from({ length: 8 }, () => other.malloc(sizeBytes))) other.free(handle);
    expect(made.pool.stats().objectsCached).toBeGreaterThan(0);
    other.detach();
    expect(made.pool.stats()).toMatchObject({ objects: 0, objectsCached: 0, pagesUsed: 0 });
  });

  it.each([64, 4096])('is given back on request, in the middle of a turn: %i bytes', (sizeBytes) => {
    const { pool } = useCached();
    for (const handle of Array.from({ length: 8 }, () => pool.malloc(sizeBytes))) pool.free(handle);
    pool.flushCaches();
    expect(pool.stats()).toMatchObject({ objects: 0, objectsCached: 0, pagesUsed: 0 });
  });

  it('does not run through all generations of one cell', () => {
    const made = useCached();
    const kept = made.pool.malloc(64);
    made.pool.free(made.pool.malloc(64));
    const cells = new Set<number>();
    const cellMask = (1 << made.plan.cellBits) - 1;
    for (let i = 0; i < 2 ** (30 - made.plan.cellBits) + 2; i++) {
      const handle = made.pool.malloc(64);
      cells.add((handle ^ made.key) & cellMask);
      made.pool.free(handle);
    }
    expect(cells.size).toBeGreaterThan(1);
    made.pool.free(kept);
  });

  it.each([64, 4096])(
    'is given back by compaction: what others have at rest, and what this agent leases: %i bytes',
    async (sizeBytes) => {
      const made = useCached();
      const other = attachTo(made);
      const churn = (pool: HoldingPool): void => {
        for (const handle of Array.from({ length: 8 }, () => pool.malloc(sizeBytes))) pool.free(handle);
      };
      churn(other);
      await endOfTurn();
      churn(made.pool);
      made.pool.compact();
      expect(made.pool.stats()).toMatchObject({ objectsCached: 0, pagesUsed: 0 });
      other.detach();
    },
  );

  it('keeps objects of its class from moving while another agent leases it, until that looks or its turn ends', async () => {
    const made = useCached();
    const other = attachTo(made);
    const { objectsPerZspage } = classFor(made, 500);
    const handles = Array.from({ length: 3 * objectsPerZspage }, (_, i) => filled(made.pool, 500, i));
    await endOfTurn();
    for (const [i, handle] of handles.entries()) if (i % 3 > 0) other.free(handle);
    expect(made.pool.compact().movedObjects).toBe(0);
    // It looks at its next malloc or free, of any class.
    other.free(other.malloc(40));
    expect(made.pool.stats().objectsCached).toBeLessThan(3);
    expect(made.pool.compact().movedObjects).toBeGreaterThan(0);
    for (const [i, handle] of handles.entries()) {
      if (i % 3 === 0) expectFilled(made.pool, handle, 500, i);
    }
    other.detach();
  });

  it.each([2000, 4096])(
    'is taken from agents at rest, and depots, when the pool is full: %i bytes',
    async (sizeBytes) => {
      const made = useCached();
      const other = attachTo(made);
      const handles: number[] = [];
      for (let handle = made.pool.tryMalloc(sizeBytes); handle !== 0; handle = made.pool.tryMalloc(sizeBytes))
        handles.push(handle);
      for (const handle of handles.splice(0, 4)) other.free(handle);
      await endOfTurn();
      expect(made.pool.stats().objectsCached).toBe(4);
      for (let i = 0; i < 4; i++) handles.push(made.pool.malloc(sizeBytes));
      expect(made.pool.tryMalloc(sizeBytes)).toBe(0);
      for (const handle of handles) made.pool.free(handle);
      other.detach();
    },
  );

  it('is given back by an agent that is asked for it while it holds a lease', () => {
    const made = useCached();
    const other = attachTo(made);
    const handles: number[] = [];
    for (let handle = made.pool.tryMalloc(2000); handle !== 0; handle = made.pool.tryMalloc(2000)) handles.push(handle);
    for (const handle of handles.splice(0, 4)) other.free(handle);
    expect(made.pool.tryMalloc(2000)).toBe(0);
    other.free(handles.pop()!);
    expect(made.pool.tryMalloc(2000)).not.toBe(0);
    other.detach();
  });

  it('moves with no page: migration takes it out first', async () => {
    const made = useCached();
    const handle = filled(made.pool, 500, 7);
    for (const other of Array.from({ length: 4 }, () => made.pool.malloc(500))) made.pool.free(other);
    const offset = made.pool.readBegin(handle);
    made.pool.readEnd(offset);
    await endOfTurn();
    expect(made.pool.migratePage(Math.floor(offset / 4096)).result).toBe('migrated');
    expect(made.pool.stats().objectsCached).toBe(0);
    expectFilled(made.pool, handle, 500, 7);
  });

  it('is found where it is now after this agent has moved it in the same turn', () => {
    const made = useCached();
    const handle = filled(made.pool, 500, 7);
    made.pool.free(made.pool.malloc(500));
    const offset = made.pool.readBegin(handle);
    made.pool.readEnd(offset);
    expect(made.pool.migratePage(Math.floor(offset / 4096)).result).toBe('migrated');
    made.pool.free(handle);
    refusal(() => made.pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
    expect(made.pool.stats().objects).toBe(0);
  });

  it('is dropped by classes that are left alone for some turns', async () => {
    const { pool } = useCached();
    for (const handle of Array.from({ length: 8 }, () => pool.malloc(64))) pool.free(handle);
    for (let turn = 0; turn < 200; turn++) {
      pool.free(pool.malloc(500));
      await endOfTurn();
    }
    expect(pool.classes().find(({ sizeBytes }) => sizeBytes === 80)?.objectsCached ?? 0).toBe(0);
  });
});

describe('depots', () => {
  /** Three objects of a class whose magazines hold two, freed by an agent: two of them go to the depot. */
  const filledDepot = (): { made: TestPool; other: HoldingPool; depot: number; ordinal: number } => {
    const made = useCached({ caches: { bytes: 16_384 } });
    const other = attachTo(made);
    const handles = [1, 2, 3].map(() => made.pool.malloc(2000));
    for (const handle of handles) other.free(handle);
    const { ordinal } = classFor(made, 2000);
    return { made, other, depot: magazineOf(made, DEPOT, ordinal), ordinal };
  };

  it('take the list of a full magazine, and are flushed with any agent', () => {
    const { made, other, depot, ordinal } = filledDepot();
    const { words, pool } = made;
    expect(words[depot + MAGAZINE.at.head]).not.toBe(0);
    expect(words[depot + MAGAZINE.at.count]).toBe(2);
    expect(words[magazineOf(made, 2, ordinal) + MAGAZINE.at.count]).toBe(1);
    pool.flushCaches();
    expect(words[depot + MAGAZINE.at.count]).toBe(0);
    pool.free(pool.malloc(2000));
    other.detach();
  });

  it('serve an agent that only allocates what another frees', () => {
    const { made, other, depot } = filledDepot();
    const first = made.pool.malloc(2000);
    expect(made.words[depot + MAGAZINE.at.head]).toBe(0);
    // The second needs no lock: both came at once.
    expect(locksOf(made, () => void made.pool.malloc(2000))).toBe(0);
    made.pool.free(first);
    other.detach();
  });

  it('are emptied by whoever detaches', () => {
    const { made, other } = filledDepot();
    other.detach();
    expect(made.pool.stats()).toMatchObject({ objectsCached: 0, pagesUsed: 0 });
  });

  it('are emptied by compaction, beside agents that stay', async () => {
    const { made, other } = filledDepot();
    await endOfTurn();
    expect(made.pool.stats().objectsCached).toBe(3);
    made.pool.compact();
    expect(made.pool.stats()).toMatchObject({ objectsCached: 0, pagesUsed: 0 });
    other.detach();
  });
});

describe('verify', () => {
  type Plant = (made: TestPool, magazine: number, slot: number) => void;
  const planted: Record<string, Plant> = {
    'a magazine that lists a slot twice': ({ words }, _, slot) => (words[slot + 1] = slot),
    'a magazine that lists an object': ({ words }, _, slot) => (words[slot]! &= ~CACHED),
    'a cached slot that no magazine lists': ({ words }, magazine, slot) =>
      (words[magazine + MAGAZINE.at.head] = words[slot + 1]!),
    'a slot of another class': (made, magazine) => {
      made.words[magazine + MAGAZINE.words + MAGAZINE.at.head] = made.words[magazine + MAGAZINE.at.head]!;
    },
  };

  it('catches a cached huge object that no magazine lists', () => {
    const made = makePool({ dataPages: 60, agents: 3, caches });
    made.pool.free(made.pool.malloc(4096));
    made.pool.verify();
    made.words[magazineOf(made, 1, classFor(made, 4096).ordinal) + MAGAZINE.at.head] = 0;
    expect(refusal(() => made.pool.verify(), 'ERR_ZS_CORRUPT').message).toContain('caches-listed');
  });

  it.each(Object.entries(planted))('catches %s', (_, plant) => {
    const made = makePool({ dataPages: 60, agents: 3, caches });
    for (const handle of Array.from({ length: 8 }, () => made.pool.malloc(64))) made.pool.free(handle);
    const { ordinal } = classFor(made, 64);
    const magazine = magazineOf(made, 1, ordinal);
    made.pool.verify();
    plant(made, magazine, made.words[magazine + MAGAZINE.at.head]!);
    expect(refusal(() => made.pool.verify(), 'ERR_ZS_CORRUPT').message).toContain('caches-listed');
  });

  it('catches bytes that a magazine has not told', () => {
    const made = makePool({ dataPages: 60, agents: 3, caches });
    made.pool.free(made.pool.malloc(64));
    const { ordinal } = classFor(made, 64);
    made.words[magazineOf(made, 1, ordinal) + MAGAZINE.at.bytes]! += 8;
    expect(refusal(() => made.pool.verify(), 'ERR_ZS_CORRUPT').message).toContain('counters-match');
  });

  it('counts bytes anew where a death has left them unsure', () => {
    const made = makePool({ dataPages: 60, agents: 3, caches });
    made.pool.malloc(64);
    const { ordinal } = classFor(made, 64);
    made.words[magazineOf(made, 1, ordinal) + MAGAZINE.at.bytes]! += 8;
    made.words[made.plan.classBase + ordinal * CLASS.words + CLASS.at.bytesUnsure] = 1;
    made.pool.verify();
    expect(made.pool.stats().bytesStored).toBe(64);
  });
});

describe('options', () => {
  it('caches nothing by default', () => {
    const { pool } = usePool();
    for (const handle of Array.from({ length: 8 }, () => pool.malloc(64))) pool.free(handle);
    expect(pool.stats().objectsCached).toBe(0);
  });

  it.each([{ bytes: -1 }, { bytes: 2 ** 25 }, { bytes: 1.5 }, 7, null])('refuses caches: %j', (wrong) => {
    refusal(() => makePool({ caches: wrong as never }), 'ERR_ZS_OPTION');
  });
});
