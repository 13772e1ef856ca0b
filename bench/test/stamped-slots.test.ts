import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { spin } from '@zsmalloc/lock-spin';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSteady } from '../src/crew/warm-up.ts';
import { Random } from '../src/random.ts';
import { STAMPED_BYTES, StampedSlots } from '../src/stamped-slots.ts';

let pool: Pool;
let slots: StampedSlots;

beforeEach(() => {
  pool = createPool({ bytes: 4 * 2 ** 20, strategy: spin });
  slots = StampedSlots.create(pool, 64);
  slots.stock(new Random(1));
});
afterEach(() => pool.detach());

describe('StampedSlots', () => {
  it('finds everything in order after many replacements and a compaction', () => {
    const random = new Random(2);
    for (let step = 0; step < 2000; step++) slots.replace(random.below(64), random);
    pool.compact();
    for (let slot = 0; slot < 64; slot++) slots.read(slot);
    expect(slots.verifyAll(pool)).toEqual({ objects: 64, bytes: pool.stats().bytesStored });
  });

  it.each([
    ['first', 0],
    ['last', -1],
  ])('catches a changed %s byte in a read', (_, at) => {
    const handle = slots.handleOf(3);
    const length = pool.sizeOf(handle);
    pool.write(handle, Uint8Array.of(1, 2, 3, 4), at === 0 ? 0 : length - 4);
    expect(() => slots.read(3)).toThrow('a read of slot 3 found another object, or torn bytes');
  });

  it('catches a changed byte in the middle at the end', () => {
    pool.write(slots.handleOf(5), Uint8Array.of(0), 20);
    slots.read(5);
    expect(() => slots.verifyAll(pool)).toThrow('slot 5: the bytes are not what was stored');
  });

  it('catches an object that nobody has, and a lost one', () => {
    const extra = pool.malloc(STAMPED_BYTES[0]!);
    expect(() => slots.verifyAll(pool)).toThrow('the pool counts 65 objects, the slots hold 64');
    pool.free(extra);
    pool.free(slots.handleOf(7));
    expect(() => slots.verifyAll(pool)).toThrow();
  });
});

describe('isSteady', () => {
  it('is not while the rate rises, and is once it stays', () => {
    expect(isSteady([100, 200, 400, 800], 2)).toBe(false);
    expect(isSteady([100, 800, 780, 820, 790], 2)).toBe(true);
    expect(isSteady([800, 800], 2)).toBe(false);
  });
  it('is not when nothing moves yet', () => expect(isSteady([0, 0, 0, 10], 2)).toBe(false));
});
