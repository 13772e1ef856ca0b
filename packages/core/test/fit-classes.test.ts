import { describe, expect, it } from 'vitest';
import { fitClasses } from '../src/fit-classes.ts';
import { CLASS, LOCK } from '../src/layout/records.ts';
import { SEED, randomBy, refusal, usePool } from './use-pool.ts';

/** Component pages and class records of a compacted pool that stores objects of such sizes. */
function bytesTaken(sizes: readonly number[], chainPages: number, classStepBytes: number): number {
  const { pool, plan } = usePool({ bytes: 2 ** 22, chainPages, classStepBytes });
  const handles = sizes.map((size) => pool.malloc(size));
  pool.compact();
  const { bytesUsed } = pool.stats();
  for (const handle of handles) pool.free(handle);
  return bytesUsed + plan.shape.classes.length * (CLASS.words + LOCK.words) * 4;
}

describe('fitClasses', () => {
  const random = randomBy(SEED);
  const sizes = Array.from({ length: 400 }, () => 1 + Math.floor(random() * 4096));
  const fitted = fitClasses(sizes);

  it(`says what a pool then takes (seed ${SEED})`, () => {
    expect(bytesTaken(sizes, fitted.chainPages, fitted.classStepBytes)).toBe(fitted.bytesUsed);
    expect(bytesTaken(sizes, 8, 16)).toBe(fitted.bytesUsedByDefault);
    expect(fitted.bytesUsed).toBeLessThan(fitted.bytesUsedByDefault);
  });

  it(`finds nothing better with any other step and chain (seed ${SEED})`, () => {
    for (let chainPages = 4; chainPages <= 16; chainPages += 3) {
      for (let step = 16; step <= 256; step += 48)
        expect(bytesTaken(sizes, chainPages, step), `${chainPages}/${step}`).toBeGreaterThanOrEqual(fitted.bytesUsed);
    }
  });

  it('takes few large steps for few objects, and small ones for many of a size that fills a small step', () => {
    expect(fitClasses([100, 1000, 2000, 3000]).classStepBytes).toBeGreaterThan(64);
    expect(fitClasses(Array.from({ length: 10_000 }, () => 40)).classStepBytes).toBe(16);
  });

  it('gives options for a pool, of larger pages as well', () => {
    const { bytesUsed: _, bytesUsedByDefault: __, ...options } = fitClasses([60_000, 3], 65_536);
    expect(options.pageBytes).toBe(65_536);
    const { pool } = usePool({ ...options, bytes: 2 ** 22 });
    pool.free(pool.malloc(60_000));
  });

  it('refuses what is no size, and what is no page', () => {
    for (const size of [0, -1, 1.5, 4097, Number.NaN]) refusal(() => fitClasses([size]), 'ERR_ZS_BAD_SIZE');
    refusal(() => fitClasses([1], 5000), 'ERR_ZS_OPTION');
  });
});
