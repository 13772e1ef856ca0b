import { attachPool, createPool } from '@zsmalloc/core';
import type { HoldingPool, Pool } from '@zsmalloc/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { strategies } from './strategies.ts';
import { drawFrom, drawSize, payload } from './workers/payload.mjs';

const POOL_BYTES = 1024 * 1024;
const STEPS = 4000;
const VERIFY_EVERY = 250;
const OBJECTS_MAX = 250;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Turns of the event loop that deferred reclamation may take, once nobody reads. */
const TURNS_MAX = 200;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function expectCode(run: () => unknown, code: string): void {
  expect(run).toThrowError(expect.objectContaining({ code }));
}

/** The bytes of an object, by both ways of reading, which must agree. */
function bytesOf(pool: Pool, handle: number): Uint8Array {
  const copy = new Uint8Array(pool.sizeOf(handle) + 3);
  expect(pool.readInto(handle, copy, 3)).toBe(copy.length - 3);
  const seen = pool.read(handle, (bytes) => bytes.slice());
  expect(Buffer.compare(seen, copy.subarray(3))).toBe(0);
  return seen;
}

/** An address in the pool's bytes: where an object lies now. */
function placeOf(pool: Pool, handle: number): number {
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  return offset;
}

async function freeAll(pool: Pool, handles: Iterable<number>): Promise<void> {
  for (const handle of handles) pool.free(handle);
  for (let turns = 0; turns < TURNS_MAX && pool.stats().pagesUsed > 0; turns++) {
    pool.compact();
    await turn();
  }
  pool.verify();
  expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0, zspages: 0, bytesStored: 0 });
}

/** Objects of one class in several zspages, most of them freed again: something for compaction to do. */
function scattered(pool: Pool): number[] {
  const all = Array.from({ length: 64 }, (_, i) => {
    const handle = pool.malloc(1000);
    pool.write(handle, payload(i, 1000));
    return handle;
  });
  for (const [i, handle] of all.entries()) if (i % 4 !== 1) pool.free(handle);
  return all.filter((_, i) => i % 4 === 1);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(strategies)('a pool with $name', ({ name, strategy, capabilities }) => {
  const newPool = (): Pool => createPool({ bytes: POOL_BYTES, strategy, agents: 4 });

  it('agrees with a plain map through random operations', async () => {
    console.log(`${name}: seed ${SEED}`);
    const draw = drawFrom(SEED);
    const pool = newPool();
    const model = new Map<number, Uint8Array>();
    const pick = (): number => [...model.keys()][draw(model.size)];
    const { bufferBytes, pageBytes, pagesTotal } = pool.stats();
    const firstPage = bufferBytes / pageBytes - pagesTotal;

    const operations: (() => Promise<void> | void)[] = [
      () => {
        const sizeBytes = drawSize(draw);
        const handle = pool.tryMalloc(sizeBytes);
        if (handle === 0) return;
        expect(model.has(handle)).toBe(false);
        const bytes = payload(draw(2 ** 31), sizeBytes);
        pool.write(handle, bytes);
        model.set(handle, bytes);
      },
      () => {
        const handle = pick();
        pool.free(handle);
        model.delete(handle);
        expectCode(() => pool.free(handle), 'ERR_ZS_BAD_HANDLE');
        expectCode(() => pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
      },
      () => {
        const handle = pick();
        const bytes = model.get(handle)!;
        const offset = draw(bytes.length);
        const change = payload(draw(2 ** 31), draw(bytes.length - offset) + 8).subarray(0, bytes.length - offset);
        pool.write(handle, change, offset);
        bytes.set(change, offset);
      },
      () => {
        const handle = pick();
        expect(Buffer.compare(bytesOf(pool, handle), model.get(handle)!)).toBe(0);
      },
      async () => {
        if (!capabilities.holdAcrossAwait) return;
        const handle = pick();
        const hold = (pool as HoldingPool).hold(handle);
        pool.compact();
        await turn();
        expect(Buffer.compare(Buffer.concat(hold.segments), model.get(handle)!)).toBe(0);
        hold.release();
        hold.release();
      },
      () => void pool.compact(),
      () => void pool.migratePage(firstPage + draw(pagesTotal)),
    ];
    const weights = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 6];

    for (let step = 1; step <= STEPS; step++) {
      const kind = model.size === 0 ? 0 : model.size > OBJECTS_MAX ? 1 : weights[draw(weights.length)];
      await operations[kind]();
      if (step % VERIFY_EVERY === 0) {
        pool.verify();
        await turn();
      }
    }
    for (const [handle, bytes] of model) expect(Buffer.compare(bytesOf(pool, handle), bytes)).toBe(0);
    await freeAll(pool, model.keys());
    pool.detach();
  });

  it('refuses freed, forged and foreign handles, everywhere and without a change', () => {
    const pool = newPool();
    const other = newPool();
    const foreign = other.malloc(100);
    const kept = pool.malloc(100);
    const freed = pool.malloc(100);
    pool.free(freed);
    const bytes = new Uint8Array(100);
    for (const handle of [freed, foreign, freed + 1, 0, -1, 1.5, 2 ** 30, 2 ** 32 + kept, Number.NaN]) {
      for (const call of [
        () => pool.free(handle),
        () => pool.sizeOf(handle),
        () => pool.read(handle, (seen) => seen.length),
        () => pool.readInto(handle, bytes),
        () => pool.readBegin(handle),
        () => pool.write(handle, bytes),
      ]) {
        if (handle !== kept) expectCode(call, 'ERR_ZS_BAD_HANDLE');
      }
    }
    pool.verify();
    expect(pool.sizeOf(kept)).toBe(100);
    pool.free(kept);
  });

  it('serves two agents of one thread: each sees what the other writes, and one may leave', async () => {
    const one = newPool();
    const two = attachPool(one.descriptor(), { strategies: [strategy] });
    const handle = one.malloc(3000);
    one.write(handle, payload(1, 3000));
    expect(Buffer.compare(bytesOf(two, handle), payload(1, 3000))).toBe(0);
    two.write(handle, payload(2, 3000));
    expect(Buffer.compare(bytesOf(one, handle), payload(2, 3000))).toBe(0);
    const others = scattered(two);
    const { ran, movedObjects } = one.compact();
    expect(ran).toBe(true);
    // What `two` has freed may still wait for readers, in slots that only `two` can give back.
    if (!capabilities.freeDuringRead) expect(movedObjects).toBeGreaterThan(0);
    two.compact();
    one.verify();
    for (const other of others) expect(two.read(other, (bytes) => bytes.length)).toBe(1000);
    two.free(handle);
    expectCode(() => one.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
    expect(one.stats().agents).toBe(2);
    two.detach();
    expectCode(() => two.malloc(8), 'ERR_ZS_DETACHED');
    expect(one.stats().agents).toBe(1);
    await freeAll(one, others);
  });

  it('lets a reader use the pool meanwhile, and keeps the object where it is', async () => {
    const pool = newPool();
    const objects = scattered(pool);
    const counts = objects.map((object) =>
      pool.read(object, (bytes) => {
        const before = bytes.slice();
        const made = pool.malloc(1000);
        pool.write(made, payload(7, 1000));
        const { ran } = pool.compact();
        pool.migratePage(Math.floor(placeOf(pool, made) / pool.stats().pageBytes));
        pool.free(made);
        expect(Buffer.compare(bytes, before)).toBe(0);
        // A change through the handle is to be seen in the view: the object has not moved away from it.
        if (!capabilities.relocatesBesideReaders) {
          pool.write(object, Uint8Array.of(99), 500);
          expect(bytes[500]).toBe(99);
        }
        return ran ? 1 : 0;
      }),
    );
    expect(counts.every((count) => count === 1)).toBe(true);
    pool.verify();
    await freeAll(pool, objects);
  });

  it.runIf(capabilities.holdAcrossAwait)('keeps a held object readable across turns and compactions', async () => {
    const pool = newPool() as HoldingPool;
    const objects = scattered(pool);
    const hold = pool.hold(objects[0]);
    const before = Buffer.concat(hold.segments);
    expect(before).toHaveLength(hold.length);
    await turn();
    pool.compact();
    await turn();
    expect(Buffer.compare(Buffer.concat(hold.segments), before)).toBe(0);
    expectCode(() => pool.detach(), 'ERR_ZS_IN_USE');
    hold.release();
    await freeAll(pool, objects);
    pool.detach();
  });

  it.runIf(!capabilities.holdAcrossAwait)('refuses to hold, because readers must not sleep', () => {
    const pool = newPool() as HoldingPool;
    const handle = pool.malloc(10);
    expectCode(() => pool.hold(handle), 'ERR_ZS_HOLD_UNSUPPORTED');
    pool.free(handle);
  });

  it.runIf(capabilities.freeDuringRead)(
    'keeps the bytes of an object that is freed while it is being read',
    async () => {
      const pool = newPool();
      const handle = pool.malloc(500);
      pool.write(handle, payload(5, 500));
      pool.read(handle, (bytes) => {
        pool.free(handle);
        const other = pool.malloc(500);
        pool.write(other, payload(6, 500));
        pool.free(other);
        expect(Buffer.compare(bytes, payload(5, 500))).toBe(0);
      });
      expectCode(() => pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
      await freeAll(pool, []);
    },
  );

  it.runIf(!capabilities.parks)('never waits without a limit', () => {
    const wait = vi.spyOn(Atomics, 'wait');
    const pool = newPool();
    const objects = scattered(pool);
    pool.compact();
    for (const object of objects) pool.free(object);
    pool.detach();
    for (const [, , , timeout] of wait.mock.calls) expect(timeout).toBeLessThan(Infinity);
  });

  it.runIf(capabilities.worksWithoutBlocking)('works by its async twins', async () => {
    const pool = newPool();
    const handle = await pool.mallocAsync(100);
    await pool.writeAsync(handle, payload(3, 100));
    expect(await pool.readAsync(handle, (bytes) => Buffer.compare(bytes, payload(3, 100)))).toBe(0);
    expect(await pool.readIntoAsync(handle, new Uint8Array(100))).toBe(100);
    expect((await pool.compactAsync()).ran).toBe(true);
    await pool.freeAsync(handle);
    await freeAll(pool, []);
  });
});
