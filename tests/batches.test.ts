import { createPool } from '@zsmalloc/core';
import { describe, expect, it } from 'vitest';
import { strategies } from './strategies.ts';

/** Short ones, such as span two pages, huge ones. */
const SIZES = [1, 7, 40, 48, 49, 100, 100, 100, 1000, 2700, 2700, 2700, 4090, 4096];
const total = SIZES.reduce((sum, size) => sum + size, 0);

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 255);

function code(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing thrown';
}

describe.each(strategies)('$name', ({ strategy }) => {
  const filledPool = () => {
    const pool = createPool({ bytes: 2 ** 20, strategy });
    return { pool, handles: SIZES.map((size) => pool.malloc(size)) };
  };

  it('writes and reads objects of all sizes one behind another', async () => {
    const { pool, handles } = filledPool();
    const source = pattern(total + 5);
    const target = new Uint8Array(total + 3);
    const ends = new Uint32Array(SIZES.length);
    expect(pool.writeMany(handles, source, 5)).toBe(total);
    expect(pool.readMany(handles, target, 3, ends)).toBe(total);
    expect(target.subarray(3)).toEqual(source.subarray(5));
    expect(ends.at(-1)).toBe(total + 3);
    const backwards = handles.toReversed();
    expect(await pool.writeManyAsync(backwards, source)).toBe(total);
    expect(await pool.readManyAsync(Int32Array.from(backwards), target)).toBe(total);
    expect(target.subarray(0, total)).toEqual(source.subarray(0, total));
    expect(pool.readMany([], target)).toBe(0);
    pool.verify();
    for (const handle of handles) pool.free(handle);
    pool.compact();
    pool.detach();
  });

  it('is done with the objects before a handle that is bad, and leaves nothing locked', () => {
    const { pool, handles } = filledPool();
    const source = pattern(total);
    pool.writeMany(handles, source);
    const bad = 6;
    pool.free(handles[bad]!);
    const before = SIZES.slice(0, bad).reduce((sum, size) => sum + size, 0);
    const target = new Uint8Array(total);
    expect(code(() => pool.readMany(handles, target))).toBe('ERR_ZS_BAD_HANDLE');
    expect(target.subarray(0, before)).toEqual(source.subarray(0, before));
    expect(target.subarray(before).every((byte) => byte === 0)).toBe(true);
    expect(code(() => pool.writeMany(handles, new Uint8Array(total)))).toBe('ERR_ZS_BAD_HANDLE');
    pool.readInto(handles[bad - 1]!, target);
    expect(target.subarray(0, SIZES[bad - 1]).every((byte) => byte === 0)).toBe(true);
    pool.readInto(handles[bad + 1]!, target);
    expect(target.subarray(0, SIZES[bad + 1]).some((byte) => byte !== 0)).toBe(true);
    expect(code(() => pool.readMany([handles[0]!, handles[1]!], new Uint8Array(7)))).toBe('ERR_ZS_OUT_OF_RANGE');
    expect(code(() => pool.writeMany([handles[0]!, handles[1]!], new Uint8Array(7)))).toBe('ERR_ZS_OUT_OF_RANGE');
    expect(code(() => pool.readMany([handles[0]!], target, -1))).toBe('ERR_ZS_OUT_OF_RANGE');
    handles.splice(bad, 1);
    for (const handle of handles) pool.free(handle);
    pool.compact();
    pool.verify();
    pool.detach();
  });
});

it('takes the lock of a zspage once for objects that follow each other in it', () => {
  const { strategy } = strategies.find(({ name }) => name === 'preemptibleDirect')!;
  const pool = createPool({ bytes: 2 ** 20, strategy });
  const handles = Array.from({ length: 20 }, () => pool.malloc(100));
  const { add } = Atomics;
  let calls = 0;
  Atomics.add = ((...these: Parameters<typeof add>) => (calls++, add(...these))) as typeof add;
  try {
    pool.readMany(handles, new Uint8Array(2000));
  } finally {
    Atomics.add = add;
  }
  expect(calls).toBe(1);
  pool.detach();
});
