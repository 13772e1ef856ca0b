import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HoldingPool } from '../src/api.ts';
import { HEADER } from '../src/layout/records.ts';
import { pagesPacked } from '../src/size-class.ts';
import {
  SEED,
  attachTo,
  classFor,
  contentOf,
  expectFilled,
  filled,
  pattern,
  randomBy,
  refusal,
  rowOf,
  usePool,
} from './use-pool.ts';
import type { TestPool } from './use-pool.ts';
import { uint16s, uint32s } from './vectors.ts';

/** Size of the objects of a class with 5 slots on 2 pages, as in the worked example. */
const FIVE = 1600;

/** Three zspages of five slots, of which the given ones stay used. Returns the handles that stay, by zspage. */
function threeOfFive(made: TestPool, keep: [number[], number[], number[]]): number[][] {
  expect(classFor(made, FIVE)).toMatchObject({ objectsPerZspage: 5, pagesPerZspage: 2 });
  const all = keep.map((_, z) => Array.from({ length: 5 }, (__, i) => filled(made.pool, FIVE, 10 * z + i)));
  for (const [z, handles] of all.entries())
    for (const [i, handle] of handles.entries()) if (!keep[z]!.includes(i)) made.pool.free(handle);
  return all.map((handles, z) => keep[z]!.map((i) => handles[i]!));
}

function expectKept(pool: HoldingPool, keep: number[][], handles: number[][]): void {
  for (const [z, slots] of keep.entries())
    for (const [n, slot] of slots.entries()) expectFilled(pool, handles[z]![n]!, FIVE, 10 * z + slot);
}

afterEach(() => void vi.restoreAllMocks());

describe('compact', () => {
  it('moves one object and frees two pages in the worked example', () => {
    const made = usePool();
    const keep: [number[], number[], number[]] = [[0, 1, 2, 3], [0, 1, 2], [0]];
    const handles = threeOfFive(made, keep);
    expect(rowOf(made, FIVE)).toMatchObject({ objectsCapacity: 15, objectsInUse: 8, pagesUsed: 6, pagesFreeable: 2 });
    expect(made.pool.compact()).toEqual({
      ran: true,
      movedObjects: 1,
      movedBytes: FIVE + 8,
      freedPages: 2,
      skippedZspages: 0,
    });
    expect(rowOf(made, FIVE)).toMatchObject({ objectsCapacity: 10, objectsInUse: 8, pagesUsed: 4, pagesFreeable: 0 });
    expect(rowOf(made, FIVE).groups).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    expectKept(made.pool, keep, handles);
    expect(made.pool.stats()).toMatchObject({ pagesCompacted: 2, objectsMoved: 1, busySkips: 0 });
  });

  it('settles what stays partly used: its objects move to its first slots and its last pages go', () => {
    const made = usePool();
    const keep: [number[], number[], number[]] = [[0, 1, 2, 3, 4], [3, 4], []];
    const handles = threeOfFive(made, keep);
    expect(rowOf(made, FIVE)).toMatchObject({ objectsInUse: 7, pagesUsed: 4, pagesFreeable: 1 });
    expect(made.pool.compact()).toMatchObject({ movedObjects: 2, freedPages: 1 });
    expect(rowOf(made, FIVE)).toMatchObject({ objectsInUse: 7, pagesUsed: 3, pagesFreeable: 0 });
    expectKept(made.pool, keep, handles);
    // The zspage grows again, and its free list names no page that is gone.
    for (let i = 0; i < 3; i++) expectFilled(made.pool, filled(made.pool, FIVE, 90 + i), FIVE, 90 + i);
    expect(rowOf(made, FIVE)).toMatchObject({ objectsInUse: 10, pagesUsed: 4 });
    expectKept(made.pool, keep, handles);
  });

  it('does nothing where nothing can be gained', () => {
    const { pool } = usePool();
    const handles = [24, 500, 3600, 4096].map((size, i) => filled(pool, size, i));
    const idle = { ran: true, movedObjects: 0, movedBytes: 0, freedPages: 0, skippedZspages: 0 };
    expect(pool.compact()).toEqual(idle);
    for (const handle of handles) pool.free(handle);
    expect(pool.compact()).toEqual(idle);
  });

  it('skips a zspage that is being read, counts it, and tries the next one', () => {
    const made = usePool();
    const keep: [number[], number[], number[]] = [[0, 1, 2, 3], [0, 1, 2], [0]];
    const handles = threeOfFive(made, keep);
    const offset = made.pool.readBegin(handles[2]![0]!);
    // The emptiest is busy. Of the next one one object fits into the target, and two go to the free slots of the busy one.
    expect(made.pool.compact()).toMatchObject({ ran: true, movedObjects: 3, freedPages: 2, skippedZspages: 1 });
    expect(Buffer.compare(made.pool.bytes.subarray(offset, offset + 512), pattern(FIVE, 20).subarray(0, 512))).toBe(0);
    expect(made.pool.stats()).toMatchObject({ busySkips: 1, objects: 8 });
    made.pool.readEnd(offset);
    made.pool.compact();
    expect(rowOf(made, FIVE)).toMatchObject({ pagesUsed: 4, pagesFreeable: 0 });
    expectKept(made.pool, keep, handles);
  });

  it('fills a zspage that is being read: only its free slots are written', () => {
    const made = usePool();
    const keep: [number[], number[], number[]] = [[0, 1, 2, 3], [0, 1, 2], [0]];
    const handles = threeOfFive(made, keep);
    const hold = made.pool.hold(handles[0]![3]!);
    expect(made.pool.compact()).toMatchObject({ movedObjects: 1, freedPages: 2, skippedZspages: 0 });
    expect(Buffer.compare(Buffer.concat(hold.segments), pattern(FIVE, 3))).toBe(0);
    hold.release();
  });

  it('leaves every busy zspage alone when all are being read, and ends', () => {
    const made = usePool();
    const handles = threeOfFive(made, [[0], [0], [0]]);
    const offsets = handles.map(([handle]) => made.pool.readBegin(handle!));
    const before = made.pool.stats();
    expect(made.pool.compact()).toMatchObject({ ran: true, movedObjects: 0, freedPages: 0 });
    expect(made.pool.stats()).toEqual({ ...before, busySkips: made.pool.stats().busySkips });
    expect(made.pool.stats().busySkips).toBeGreaterThanOrEqual(2);
    for (const offset of offsets) made.pool.readEnd(offset);
  });

  it.each([
    { pageBytes: 4096, chainPages: 8 },
    { pageBytes: 4096, chainPages: 16 },
    { pageBytes: 4096, chainPages: 16, classStepBytes: 48 },
    { pageBytes: 16_384, chainPages: 4 },
  ])('copies objects of every class whole, whichever page boundary cuts them: $pageBytes/$chainPages', (shape) => {
    const made = usePool({ ...shape, bytes: 32 * 2 ** 20 });
    const { pool, plan } = made;
    const random = randomBy(SEED);
    for (const { sizeBytes, objectsPerZspage, huge } of plan.shape.classes) {
      if (huge) continue;
      const live = new Map<number, [number, number]>();
      for (let i = 0; i < 3 * objectsPerZspage; i++) {
        const size = Math.max(1, sizeBytes - 8 - Math.floor(random() * plan.shape.stepBytes * (i % 2)));
        live.set(filled(pool, size, i), [size, i]);
      }
      for (const handle of live.keys()) if (random() < 0.7 && live.delete(handle)) pool.free(handle);
      const { movedObjects } = pool.compact();
      if (objectsPerZspage > 8) expect(movedObjects, `class of ${sizeBytes} bytes`).toBeGreaterThan(0);
      for (const [handle, [size, seed]] of live) {
        expectFilled(pool, handle, size, seed);
        pool.free(handle);
      }
    }
    expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0 });
  });

  it('does nothing while another agent compacts', () => {
    const made = usePool();
    threeOfFive(made, [[0], [0], [0]]);
    made.words[HEADER.at.compactor] = 2;
    expect(made.pool.compact()).toEqual({
      ran: false,
      movedObjects: 0,
      movedBytes: 0,
      freedPages: 0,
      skippedZspages: 0,
    });
    made.words[HEADER.at.compactor] = 0;
    expect(made.pool.compact()).toMatchObject({ ran: true, movedObjects: 2 });
  });

  it('runs once when two agents ask, and the gate opens again', async () => {
    const made = usePool();
    threeOfFive(made, [[0], [0], [0]]);
    const second = attachTo(made);
    const running = made.pool.compactAsync();
    expect(second.compact().ran).toBe(false);
    expect(await running).toMatchObject({ ran: true, movedObjects: 2 });
    expect(second.compact().ran).toBe(true);
    second.detach();
  });

  it('stops at its budget of pages, and goes on with the next call', () => {
    const { pool } = usePool({ bytes: 4 * 2 ** 20 });
    const sizes = [500, 1000, 1600, 3000];
    for (const size of sizes) {
      const handles = Array.from({ length: 60 }, (_, i) => filled(pool, size, i));
      for (const [i, handle] of handles.entries()) if (i % 4 !== 0) pool.free(handle);
    }
    const all = pool.shrinkable();
    expect(all).toBeGreaterThan(20);
    expect(pool.compact({ pages: 0 })).toMatchObject({ ran: true, freedPages: 0, movedObjects: 0 });
    expect(pool.compact({ ms: 0 })).toMatchObject({ ran: true, freedPages: 0, movedObjects: 0 });
    const first = pool.shrink(1);
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThan(all);
    expect(pool.shrinkable()).toBe(all - first);
    expect(pool.compact().freedPages).toBe(all - first);
    expect([pool.shrinkable(), pool.shrink(100)]).toEqual([0, 0]);
  });

  it('drops its locks after each zspage when somebody waits for them, and still finishes', () => {
    const keep: [number[], number[], number[]] = [[0], [0], [0]];
    const timesLocked = (contended: boolean): number => {
      const made = usePool();
      const handles = threeOfFive(made, keep);
      made.strategy.contended = contended;
      made.strategy.counts['pool write'] = 0;
      expect(made.pool.compact()).toMatchObject({ movedObjects: 2, freedPages: 4 });
      const { 'pool write': times } = made.strategy.counts;
      expectKept(made.pool, keep, handles);
      return times;
    };
    expect(timesLocked(true)).toBe(timesLocked(false) + 1);
  });

  it.each([
    { contended: true, mayBlock: true, stands: true },
    { contended: false, mayBlock: true, stands: false },
    { contended: true, mayBlock: false, stands: false },
  ])(
    'stands back, holding nothing, after a batch that lookups wait for: contended $contended, may block $mayBlock',
    ({ contended, mayBlock, stands }) => {
      const made = usePool();
      threeOfFive(made, [[0], [0], [0]]);
      made.strategy.contended = contended;
      made.ledger.host.agent.mayBlock = mayBlock;
      let times = 0;
      vi.spyOn(Atomics, 'wait').mockImplementation(() => {
        made.ledger.expectIdle(0, 'a batch');
        times++;
        return 'timed-out';
      });
      expect(made.pool.compact()).toMatchObject({ movedObjects: 2, freedPages: 4 });
      expect(times > 0).toBe(stands);
    },
  );

  it('stands back for turns of the event loop in the async twin', async () => {
    const turnsOf = async (contended: boolean): Promise<number> => {
      const made = usePool();
      threeOfFive(made, [[0], [0], [0]]);
      made.strategy.contended = contended;
      const timers = vi.spyOn(globalThis, 'setTimeout');
      expect(await made.pool.compactAsync()).toMatchObject({ movedObjects: 2 });
      const turns = timers.mock.calls.length;
      timers.mockRestore();
      return turns;
    };
    expect(await turnsOf(true)).toBeGreaterThan(0);
    expect(await turnsOf(false)).toBe(0);
  });

  it('works in a pool without a free page', () => {
    const made = usePool({ dataPages: 17, agents: 1 });
    const { pool } = made;
    const handles: number[] = [];
    for (let handle = 0; (handle = pool.tryMalloc(3600)) !== 0;) {
      pool.write(handle, pattern(3600, handles.length));
      handles.push(handle);
    }
    expect(pool.stats().pagesFree).toBe(0);
    const kept = handles.map((_, i) => i).filter((i) => i % 3 === 0);
    for (const [i, handle] of handles.entries()) if (i % 3 !== 0) pool.free(handle);
    const { pagesUsed } = pool.stats();
    const result = pool.compact();
    expect(pool.stats().pagesUsed).toBe(pagesUsed - result.freedPages);
    expect(pool.shrinkable()).toBe(0);
    for (const i of kept) expectFilled(pool, handles[i]!, 3600, i);
  });

  it(`never changes an object, never takes more pages, and keeps what its estimate promised (seed ${SEED})`, () => {
    for (const poolLock of [true, false]) {
      for (let round = 0; round < 6; round++) {
        const random = randomBy(SEED + round);
        const made = usePool({ bytes: 4 * 2 ** 20, poolLock });
        const { pool } = made;
        const live = new Map<number, [number, number]>();
        for (let i = 0; i < 1500; i++) {
          const size = 1 + Math.floor(random() ** 2 * 4096);
          const handle = pool.tryMalloc(size);
          if (handle === 0) break;
          pool.write(handle, pattern(size, i));
          live.set(handle, [size, i]);
        }
        const share = random();
        for (const handle of live.keys()) if (random() < share && live.delete(handle)) pool.free(handle);
        const before = pool.stats();
        const estimate = pool.shrinkable();
        const result = pool.compact();
        const after = pool.stats();
        const what = `round ${round}, seed ${SEED}, pool lock ${poolLock}`;
        expect(result, what).toMatchObject({ ran: true, skippedZspages: 0 });
        expect(result.freedPages, what).toBeGreaterThanOrEqual(estimate);
        expect(before.pagesUsed - after.pagesUsed, what).toBe(result.freedPages);
        expect(after.pagesFree - before.pagesFree, what).toBe(result.freedPages);
        expect([after.objects, after.bytesStored, after.objectsMoved], what).toEqual([
          live.size,
          before.bytesStored,
          result.movedObjects,
        ]);
        expect(pool.shrinkable(), what).toBe(0);
        for (const [ordinal, row] of pool.classes().entries()) {
          const packed = pagesPacked(row.objectsInUse, made.plan.shape.classes[ordinal]!, made.plan.pageBytes);
          expect(row.pagesUsed, `${what}, class ${row.index}`).toBeLessThanOrEqual(packed);
        }
        expect(pool.compact(), what).toMatchObject({ movedObjects: 0, freedPages: 0 });
        for (const [handle, [size, seed]] of live) expectFilled(pool, handle, size, seed);
        pool.verify();
      }
    }
  });

  it('never uses more pages than before, wherever a budget or a reader stops it', async () => {
    const made = usePool({ bytes: 2 ** 20 });
    const { pool } = made;
    // A target that grows to take two objects more, and sources of three objects that are spread over 8 pages.
    const target = Array.from({ length: 9 }, (_, i) => filled(pool, 3600, i));
    const source = Array.from({ length: 9 }, (_, i) => filled(pool, 3600, 20 + i));
    const third = Array.from({ length: 9 }, (_, i) => filled(pool, 3600, 40 + i));
    for (const handle of target.splice(7)) pool.free(handle);
    pool.compact();
    expect(pool.stats().pagesUsed).toBe(7 + 8 + 8);
    for (const i of [1, 2, 3, 4, 5, 6]) pool.free(source[i]!);
    for (const i of [1, 2, 3, 4, 5, 6]) pool.free(third[i]!);
    const before = pool.stats().pagesUsed;
    made.strategy.counts['zspage write'] = 0;
    const running = pool.compactAsync();
    while (made.strategy.counts['zspage write'] === 0) await Promise.resolve();
    // The first batch that moved something has run; what is partly emptied by now is read until the end.
    const kept = [...target, source[0]!, source[7]!, source[8]!, third[0]!, third[7]!, third[8]!];
    const offsets = kept.map((handle) => pool.readBegin(handle));
    expect(pool.stats().pagesUsed).toBeLessThanOrEqual(before);
    const result = await running;
    expect(pool.stats().pagesUsed).toBeLessThanOrEqual(before);
    expect(result.freedPages).toBe(before - pool.stats().pagesUsed);
    for (const offset of offsets) pool.readEnd(offset);
  });
});

describe('automatic compaction', () => {
  it('compacts on free once more than the share could be freed, and not before', () => {
    const made = usePool({ bytes: 4 * 2 ** 20, compactAbove: 0.3 });
    const { pool } = made;
    const handles = Array.from({ length: 800 }, (_, i) => filled(pool, 1000, i));
    const random = randomBy(SEED);
    const left = new Set(handles.keys());
    let compactedAt = 0;
    for (let frees = 1; frees <= 600; frees++) {
      const i = [...left][Math.floor(random() * left.size)]!;
      left.delete(i);
      pool.free(handles[i]!);
      const { pagesCompacted, pagesUsed } = pool.stats();
      if (pagesCompacted > 0 && compactedAt === 0) {
        compactedAt = frees;
        // 200 pages before; so many objects are left on four slots a page.
        expect(pagesUsed).toBe(Math.ceil(left.size / 4));
      }
      // A look every 64 frees: at most so many later than the threshold.
      expect(pool.shrinkable()).toBeLessThanOrEqual(0.3 * pagesUsed + 64 / 4);
    }
    expect(compactedAt).toBeGreaterThanOrEqual(800 * 0.3 - 64);
    expect(compactedAt % 64).toBe(0);
    for (const i of left) expectFilled(pool, handles[i]!, 1000, i);
  });

  it('never happens by default', () => {
    const { pool } = usePool();
    const handles = Array.from({ length: 400 }, () => pool.malloc(1000));
    for (const [i, handle] of handles.entries()) if (i % 4 !== 0) pool.free(handle);
    expect(pool.shrinkable()).toBeGreaterThan(50);
    expect(pool.stats().pagesCompacted).toBe(0);
  });
});

describe('density on the object stream of a real file', () => {
  const sizes = uint16s('node-sizes.u16');
  const order = uint32s('node-free-order.u32');

  it('is at least the kernel’s: full, and after 50, 75 and 90 % were freed and the rest compacted', () => {
    const { pool } = usePool({ bytes: 96 * 2 ** 20 });
    const handles = Array.from(sizes, (size) => (size === 0 ? 0 : pool.malloc(size)));
    const live = new Set(Array.from(sizes.keys()).filter((i) => sizes[i]! > 0));
    const stamp = (i: number): Uint8Array => pattern(Math.min(16, sizes[i]!), i);
    for (const i of live) pool.write(handles[i]!, stamp(i), sizes[i]! - Math.min(16, sizes[i]!));
    const stored = (): number => [...live].reduce((sum, i) => sum + sizes[i]!, 0);
    const ratio = (): number => {
      expect(pool.stats().bytesStored).toBe(stored());
      return pool.stats().bytesUsed / stored();
    };
    const ratios = [ratio()];
    let freed = 0;
    for (const share of [0.5, 0.75, 0.9]) {
      for (; freed < share * order.length; freed++) {
        const i = order[freed]!;
        if (live.delete(i)) pool.free(handles[i]!);
      }
      const before = pool.stats().pagesUsed;
      const { freedPages } = pool.compact();
      expect(before - pool.stats().pagesUsed).toBe(freedPages);
      ratios.push(ratio());
      pool.verify();
    }
    for (const i of live) {
      const bytes = contentOf(pool, handles[i]!);
      if (bytes.length !== sizes[i] || Buffer.compare(bytes.subarray(-stamp(i).length), stamp(i)) !== 0)
        expect.fail(`object ${i} has changed`);
    }
    for (const [n, limit] of [1.043, 1.069, 1.117, 1.252].entries())
      expect(ratios[n], `ratios ${ratios.join()}`).toBeLessThanOrEqual(limit);
  });
});

describe('a detached agent', () => {
  it('cannot compact, and does not keep others from it', () => {
    const made = usePool();
    threeOfFive(made, [[0], [0], [0]]);
    const second = attachTo(made);
    second.detach();
    refusal(() => second.compact(), 'ERR_ZS_DETACHED');
    expect(made.pool.compact().ran).toBe(true);
  });

  it('does not keep others from compacting when it detaches in the middle of it', async () => {
    const made = usePool();
    threeOfFive(made, [[0], [0], [0]]);
    const second = attachTo(made);
    const running = second.compactAsync();
    second.detach();
    await expect(running).rejects.toMatchObject({ code: 'ERR_ZS_DETACHED' });
    expect(made.pool.compact().ran).toBe(true);
  });
});
