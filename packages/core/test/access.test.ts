import { describe, expect, it } from 'vitest';
import type { HoldingPool } from '../src/api.ts';
import {
  classFor,
  contentOf,
  expectFilled,
  filled,
  makePool,
  pattern,
  refusal,
  refusalOf,
  usePool,
} from './use-pool.ts';

const BOUNDARY_SIZES = [1, 8, 23, 24, 25, 504, 505, 1000, 2041, 3256, 3257, 3624, 3625, 4088, 4089, 4096];

/** Objects of one size, filled, until some span two pages at every split that the class has. */
function wholeZspage(pool: HoldingPool, size: number, objects: number): number[] {
  return Array.from({ length: objects }, (_, i) => filled(pool, size, i));
}

describe.each(BOUNDARY_SIZES)('an object of %i bytes', (size) => {
  it('is the same through read, readInto, readBegin and hold, wherever it lies in its zspage', () => {
    const made = usePool();
    const { pool } = made;
    const handles = wholeZspage(pool, size, classFor(made, size).objectsPerZspage);
    let spanning = 0;
    for (const [i, handle] of handles.entries()) {
      const expected = pattern(size, i);
      expect(Buffer.compare(contentOf(pool, handle), expected)).toBe(0);

      const target = new Uint8Array(size + 10).fill(7);
      expect(pool.readInto(handle, target, 3)).toBe(size);
      expect(Buffer.compare(target.subarray(3, 3 + size), expected)).toBe(0);
      expect([target[0], target[2], target[size + 3], target[size + 9]]).toEqual([7, 7, 7, 7]);

      const offset = pool.readBegin(handle);
      const { readLength, readFirstBytes, readSecondOffset } = pool;
      const parts = [pool.bytes.subarray(offset, offset + readFirstBytes)];
      if (readFirstBytes < readLength)
        parts.push(pool.bytes.subarray(readSecondOffset, readSecondOffset + readLength - readFirstBytes));
      expect(readLength).toBe(size);
      expect(Buffer.compare(Buffer.concat(parts), expected)).toBe(0);
      pool.readEnd(offset);

      const hold = pool.hold(handle);
      expect(hold.length).toBe(size);
      expect(hold.segments.length).toBe(parts.length);
      expect(Buffer.compare(Buffer.concat(hold.segments), expected)).toBe(0);
      hold.release();
      if (parts.length === 2) spanning++;
    }
    const { sizeBytes, objectsPerZspage } = classFor(made, size);
    const slots = Array.from({ length: objectsPerZspage }, (_, slot) => slot * sizeBytes);
    expect(spanning).toBe(
      slots.filter((start) => Math.floor((start + 8) / 4096) < Math.floor((start + 7 + size) / 4096) && size < 3625)
        .length,
    );
  });

  it('takes a write at every edge and leaves all other bytes', () => {
    const made = usePool();
    const { pool } = made;
    const handles = wholeZspage(pool, size, classFor(made, size).objectsPerZspage).slice(0, 12);
    for (const [i, handle] of handles.entries()) {
      const expected = pattern(size, i);
      const offset = pool.readBegin(handle);
      const cut = pool.readFirstBytes;
      pool.readEnd(offset);
      for (const [at, length] of [
        [0, size],
        [0, 0],
        [size, 0],
        [0, 1],
        [size - 1, 1],
        [cut - 1, 2],
        [cut, 1],
        [cut - 1, 1],
        [Math.floor(size / 2), Math.ceil(size / 4)],
      ] as const) {
        if (at < 0 || at + length > size) continue;
        const source = pattern(length, at + 1000);
        pool.write(handle, source, at);
        expected.set(source, at);
        if (Buffer.compare(contentOf(pool, handle), expected) !== 0)
          expect.fail(`write of ${length} bytes at ${at} of object ${i}`);
      }
    }
    for (const [i, handle] of handles.entries()) {
      pool.write(handle, pattern(size, i));
      expectFilled(pool, handle, size, i);
    }
  });

  it('refuses bytes that it does not have, and stays as it was', () => {
    const { pool } = usePool();
    const handle = filled(pool, size, 1);
    const one = new Uint8Array(1);
    for (const at of [size, size + 1, -1, 0.5, Number.NaN, Infinity]) {
      refusal(() => pool.write(handle, one, at), 'ERR_ZS_OUT_OF_RANGE');
    }
    refusal(() => pool.write(handle, new Uint8Array(size + 1)), 'ERR_ZS_OUT_OF_RANGE');
    const target = new Uint8Array(size).fill(9);
    for (const at of [1, -1, 0.5, Number.NaN]) refusal(() => pool.readInto(handle, target, at), 'ERR_ZS_OUT_OF_RANGE');
    if (size > 1) refusal(() => pool.readInto(handle, target.subarray(1)), 'ERR_ZS_OUT_OF_RANGE');
    expect(target.every((byte) => byte === 9)).toBe(true);
    expectFilled(pool, handle, size, 1);
  });
});

describe('spanning objects', () => {
  it('are whole at every split of every class', () => {
    const made = usePool({ bytes: 16 * 2 ** 20 });
    const { pool, plan } = made;
    let splits = 0;
    for (const { sizeBytes, objectsPerZspage, pagesPerZspage, huge } of plan.shape.classes) {
      if (huge || pagesPerZspage === 1) continue;
      const handles = wholeZspage(pool, sizeBytes - 8, objectsPerZspage);
      for (const [i, handle] of handles.entries()) {
        const offset = pool.readBegin(handle);
        if (pool.readFirstBytes < pool.readLength) splits++;
        pool.readEnd(offset);
        expectFilled(pool, handle, sizeBytes - 8, i);
      }
      for (const handle of handles) pool.free(handle);
    }
    // One for each inner page boundary that a slot crosses; the tables say where those are.
    expect(splits).toBeGreaterThan(400);
  });

  it('are copied whole when their two pages are not neighbours', () => {
    const made = usePool();
    const { pool } = made;
    const other: number[] = [];
    const handles: number[] = [];
    for (let i = 0; i < 9; i++) {
      handles.push(filled(pool, 3600, i));
      other.push(pool.malloc(4096));
    }
    const offset = pool.readBegin(handles[1]!);
    expect(Math.floor(pool.readSecondOffset / 4096)).not.toBe(Math.floor(offset / 4096) + 1);
    pool.readEnd(offset);
    for (const [i, handle] of handles.entries()) expectFilled(pool, handle, 3600, i);
  });
});

describe('read', () => {
  it('returns what the callback returns, and ends when it throws', () => {
    const { pool } = usePool();
    const handle = filled(pool, 64, 1);
    expect(pool.read(handle, (bytes) => bytes.length)).toBe(64);
    expect(() =>
      pool.read(handle, () => {
        throw new RangeError('from the callback');
      }),
    ).toThrow(new RangeError('from the callback'));
    expectFilled(pool, handle, 64, 1);
  });

  it('refuses a callback that returns a promise, and ends', () => {
    const { pool } = usePool();
    const handle = filled(pool, 64, 1);
    const error = refusal(() => pool.read(handle, async () => 1), 'ERR_ZS_HOLD_UNSUPPORTED');
    expect(error.message).toContain('callback of read returned a promise');
    expect(pool.compact().skippedZspages).toBe(0);
    expectFilled(pool, handle, 64, 1);
  });

  it('gives nested reads of spanning objects different copies', () => {
    const { pool } = usePool();
    const handles = Array.from({ length: 9 }, (_, i) => filled(pool, 3600, i));
    const spanning = handles.slice(1, 5);
    const views: Uint8Array[] = [];
    const nest = (depth: number): void => {
      if (depth === spanning.length) {
        for (const [i, view] of views.entries())
          expect(Buffer.compare(view, pattern(3600, i + 1)), `depth ${i}`).toBe(0);
        return;
      }
      pool.read(spanning[depth]!, (bytes) => {
        views.push(bytes);
        nest(depth + 1);
      });
    };
    nest(0);
    expect(views.length).toBe(4);
  });

  it('may allocate, free, write and read other objects inside', () => {
    const { pool } = usePool();
    const [outer, doomed] = [filled(pool, 300, 1), filled(pool, 300, 2)];
    const inner = pool.read(outer, (bytes) => {
      pool.free(doomed);
      const handle = filled(pool, 300, 3);
      expectFilled(pool, handle, 300, 3);
      expect(Buffer.compare(bytes, pattern(300, 1))).toBe(0);
      return handle;
    });
    expectFilled(pool, inner, 300, 3);
    expectFilled(pool, outer, 300, 1);
  });

  it('shows bytes in place: a write by the same agent is seen', () => {
    const { pool } = usePool();
    const handle = filled(pool, 300, 1);
    pool.read(handle, (bytes) => {
      pool.write(handle, pattern(300, 2));
      expect(Buffer.compare(bytes, pattern(300, 2))).toBe(0);
    });
  });
});

describe('readEnd', () => {
  it.each([0, -1, -4096, 1.5, Number.NaN, Infinity, 2 ** 20, 2 ** 24, 2 ** 40])(
    'rejects %s as a token while a read is open, and the read goes on',
    (token) => {
      const { pool } = usePool();
      const handle = filled(pool, 64, 1);
      const offset = pool.readBegin(handle);
      refusal(() => pool.readEnd(token), 'ERR_ZS_BAD_TOKEN');
      refusal(() => pool.detach(), 'ERR_ZS_IN_USE');
      pool.readEnd(offset);
    },
  );

  it('rejects every page without objects as a token: tables, free pages, cells, and whatever lies beyond', () => {
    const { pool, plan } = usePool({ dataPages: 20 });
    const handle = filled(pool, 64, 1);
    const offset = pool.readBegin(handle);
    for (let page = -100; page < plan.pages + 5000; page++) {
      if (page !== Math.floor(offset / 4096)) refusal(() => pool.readEnd(page * 4096), 'ERR_ZS_BAD_TOKEN');
    }
    pool.readEnd(offset);
  });

  it('rejects a second end', () => {
    const { pool } = usePool();
    const handle = filled(pool, 64, 1);
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    const error = refusal(() => pool.readEnd(offset), 'ERR_ZS_BAD_TOKEN');
    expect(error.facts).toEqual({ offset, open: 0 });
  });

  it('ends reads of several objects in any order', () => {
    const { pool } = usePool();
    const handles = [10, 500, 3600, 3600, 4096].map((size, i) => filled(pool, size, i));
    const offsets = handles.map((handle) => pool.readBegin(handle));
    for (const i of [2, 0, 4, 3, 1]) pool.readEnd(offsets[i]!);
    pool.compact();
  });
});

describe('hold', () => {
  it('keeps an object in place across await, and lets it move afterwards', async () => {
    const { pool } = usePool();
    const handles = Array.from({ length: 16 }, (_, i) => filled(pool, 500, i));
    for (const i of [1, 2, 3, 4, 5, 6, 7, 9, 10]) pool.free(handles[i]!);
    const hold = pool.hold(handles[0]!);
    await Promise.resolve();
    const page = Math.floor(hold.segments[0]!.byteOffset / 4096);
    // The other zspage's objects come to the free slots of this one.
    expect(pool.compact()).toMatchObject({ movedObjects: 6, freedPages: 1, skippedZspages: 1 });
    expect(pool.migratePage(page).result).toBe('busy');
    expect(Buffer.compare(Buffer.concat(hold.segments), pattern(500, 0))).toBe(0);
    hold.release();
    expect(pool.migratePage(page).result).toBe('migrated');
    expectFilled(pool, handles[0]!, 500, 0);
  });

  it('is released once, by release or by using', () => {
    const { pool } = usePool();
    const handle = filled(pool, 3600, 1);
    {
      using hold = pool.hold(handle);
      expect(hold.length).toBe(3600);
      refusal(() => pool.detach(), 'ERR_ZS_IN_USE');
    }
    const [first, second] = [pool.hold(handle), pool.hold(handle)];
    first.release();
    first.release();
    first[Symbol.dispose]();
    refusal(() => pool.detach(), 'ERR_ZS_IN_USE');
    second.release();
  });

  it('is refused by a strategy whose readers must not sleep, and says which', async () => {
    const { pool } = usePool({ holdAcrossAwait: false });
    const handle = filled(pool, 100, 1);
    const error = refusal(() => pool.hold(handle), 'ERR_ZS_HOLD_UNSUPPORTED');
    expect(error.facts).toEqual({ strategy: 'solo' });
    await refusalOf(pool.holdAsync(handle), 'ERR_ZS_HOLD_UNSUPPORTED');
  });
});

describe('detach', () => {
  it('is refused while a read or a hold is open, and leaves the pool usable', () => {
    const { pool } = usePool();
    const handle = filled(pool, 100, 1);
    const offset = pool.readBegin(handle);
    const hold = pool.hold(handle);
    expect(refusal(() => pool.detach(), 'ERR_ZS_IN_USE').facts).toEqual({ open: 2 });
    pool.readEnd(offset);
    expect(refusal(() => pool.detach(), 'ERR_ZS_IN_USE').facts).toEqual({ open: 1 });
    hold.release();
    pool.read(handle, () => refusal(() => pool.detach(), 'ERR_ZS_IN_USE'));
    expectFilled(pool, handle, 100, 1);
  });

  it('happens once, and at the end of using', () => {
    const made = makePool();
    {
      using pool = made.pool;
      expect(pool.malloc(8)).toBeGreaterThan(0);
    }
    refusal(() => made.pool.malloc(8), 'ERR_ZS_DETACHED');
    made.pool.detach();
    refusal(() => made.pool.stats(), 'ERR_ZS_DETACHED');
  });
});
