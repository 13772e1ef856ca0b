import { describe, expect, it } from 'vitest';
import { createPool } from '@zsmalloc/core';
import { naiveSpin } from '../src/controls/naive-spin.ts';
import { Random } from '../src/random.ts';
import { RandomTimes } from '../src/tasks/pace.ts';

describe('RandomTimes', () => {
  it('has exponential distances of the mean that was asked for', () => {
    const times = new RandomTimes(new Random(1), 2);
    const distances = Array.from({ length: 4000 }, () => {
      const before = times.nextMs;
      times.advance();
      return times.nextMs - before;
    });
    const mean = distances.reduce((sum, value) => sum + value, 0) / distances.length;
    expect(Math.abs(mean - 2)).toBeLessThan(0.1);
    // The median of an exponential distribution is ln 2 of its mean.
    const median = distances.toSorted((left, right) => left - right)[2000]!;
    expect(Math.abs(median - 2 * Math.LN2)).toBeLessThan(0.1);
  });

  it('keeps the intended starts of an open loop, however late the loop is', () => {
    const times = new RandomTimes(new Random(2), 1);
    const stallEnd = times.nextMs + 500;
    let late = 0;
    while (times.nextMs < stallEnd) {
      late += stallEnd - times.nextMs;
      times.advance();
    }
    // About 500 operations should have begun meanwhile, on average 250 ms before the stall ends: none of them is left out.
    expect(late).toBeGreaterThan(500 * 250 * 0.8);
    expect(late).toBeLessThan(500 * 250 * 1.2);
  });

  it('forgets events that were missed where only the next one counts', () => {
    const times = new RandomTimes(new Random(3), 1);
    const later = times.nextMs + 1000;
    expect(times.isDue(later)).toBe(true);
    expect(times.isDue(later)).toBe(false);
    expect(times.nextMs).toBeGreaterThan(later);
  });

  it('has no events with a mean of Infinity', () => {
    const times = new RandomTimes(new Random(4), Infinity);
    expect(times.isDue(Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

it('a pool works under naiveSpin', () => {
  const pool = createPool({ bytes: 2 ** 20, strategy: naiveSpin });
  const handles = Array.from({ length: 200 }, (_, index) => pool.malloc(16 + index));
  handles.forEach((handle, index) => index % 2 === 0 && pool.free(handle));
  pool.compact();
  pool.verify();
  expect(pool.stats().objects).toBe(100);
  pool.detach();
});
