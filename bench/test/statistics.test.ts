import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.ts';
import { median, quantileOfSorted } from '../src/statistics.ts';
import { confidenceOf, estimateMedian, estimateRatio } from '../src/statistics/bootstrap.ts';
import { crossingOf, estimateCrossover } from '../src/statistics/crossover.ts';
import { benjaminiHochberg, cliffsDelta, mannWhitney } from '../src/statistics/mann-whitney.ts';
import { signedRank } from '../src/statistics/signed-rank.ts';

/** Roughly normal: the sum of twelve uniform values. */
function noise(random: Random): number {
  let sum = -6;
  for (let count = 0; count < 12; count++) sum += random.next() / 0x1_0000_0000;
  return sum;
}

function sample(random: Random, count: number, mean: number, deviation: number): number[] {
  return Array.from({ length: count }, () => mean + deviation * noise(random));
}

describe('median and quantiles', () => {
  it('take the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('take the mean of the middle two of an even number', () => expect(median([4, 1, 3, 100])).toBe(3.5));
  it('are not a number without values', () => expect(median([])).toBeNaN());
  it('take the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.99, 0.999].map((share) => quantileOfSorted(hundred, share))).toEqual([50, 99, 100]);
    expect(quantileOfSorted([7], 0.001)).toBe(7);
  });
});

describe('estimateMedian', () => {
  it('claims no more confidence than so many rounds can give', () => {
    expect([0, 1, 3, 5, 6, 30].map(confidenceOf)).toEqual([0, 0, 0.75, 0.9375, 0.95, 0.95]);
    expect(estimateMedian([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3, confidence: 0.75, count: 3 });
  });

  it('gives the same interval for the same values', () => {
    const values = sample(new Random(1), 10, 100, 5);
    expect(estimateMedian(values)).toEqual(estimateMedian(values));
  });

  it('covers the true median about as often as it says', () => {
    const random = new Random(7);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const { low, high } = estimateMedian(sample(random, 10, 100, 10));
      if (low <= 100 && high >= 100) covered++;
    }
    // 95 % is meant; a percentile bootstrap of ten values is known to reach a little less.
    expect(covered / 300).toBeGreaterThan(0.88);
    expect(covered / 300).toBeLessThan(0.995);
  });
});

describe('estimateRatio', () => {
  it('is the ratio of medians, and certain where every round has it', () =>
    expect(estimateRatio([2, 4, 6, 8, 10, 12], [1, 2, 3, 4, 5, 6])).toMatchObject({ median: 2, low: 2, high: 2 }));

  it('keeps rounds together: what slows both down does not widen the interval', () => {
    const base = sample(new Random(3), 12, 100, 30);
    const { low, high } = estimateRatio(
      base.map((value) => value * 1.1),
      base,
    )!;
    expect([low, high].map((end) => Number(end.toFixed(6)))).toEqual([1.1, 1.1]);
  });

  it('does not exist against zero', () => expect(estimateRatio([1, 2, 3], [0, 0, 0])).toBeNull());
});

describe('mannWhitney', () => {
  it('is exact for few values: two choices of C(6, 3) are as extreme', () =>
    expect(mannWhitney([1, 2, 3], [4, 5, 6])).toBeCloseTo(2 / 20, 10));

  it('is exact with ties', () => {
    // All choices of 2 of the ranks 1.5 1.5 3 4: sums 3 4.5 4.5 5.5 5.5 7; 3 and 7 are as far from 5 as 3.
    expect(mannWhitney([1, 1], [2, 3])).toBeCloseTo(2 / 6, 10);
    expect(mannWhitney([5, 5, 5], [5, 5, 5])).toBe(1);
  });

  it('agrees with tables: U = 23 is the critical value for 10 and 10 at 5 %', () => {
    const left = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const shifted = (by: number): number[] => left.map((value) => value + by + 0.5);
    // The shift of 2.5 gives U = 28, that of 3.5 gives U = 21.
    expect(mannWhitney(left, shifted(2))).toBeGreaterThan(0.05);
    expect(mannWhitney(left, shifted(3))).toBeLessThan(0.05);
  });

  it('has a normal approximation that meets the exact value where they change over', () => {
    const random = new Random(11);
    const [left, right] = [sample(random, 20, 100, 5), sample(random, 20, 103, 5)];
    const exact = mannWhitney(left, right);
    // One value more and the approximation takes over; it lies near the others and changes little.
    expect(Math.abs(mannWhitney([...left, median(left)], right) - exact)).toBeLessThan(0.02);
  });

  it('errs in 5 % of the cases where there is no difference', () => {
    const random = new Random(5);
    let wrong = 0;
    for (let trial = 0; trial < 1000; trial++) {
      if (mannWhitney(sample(random, 8, 0, 1), sample(random, 8, 0, 1)) < 0.05) wrong++;
    }
    expect(wrong).toBeGreaterThan(20);
    expect(wrong).toBeLessThan(75);
  });

  it('finds a planted shift of 5 % in ten rounds with 3 % of noise, mostly', () => {
    const random = new Random(9);
    let found = 0;
    for (let trial = 0; trial < 100; trial++) {
      if (mannWhitney(sample(random, 10, 100, 3), sample(random, 10, 95, 3)) < 0.05) found++;
    }
    expect(found).toBeGreaterThan(75);
  });
});

it("Cliff's delta says how much more often", () => {
  expect(cliffsDelta([4, 5, 6], [1, 2, 3])).toBe(1);
  expect(cliffsDelta([1, 2, 3], [4, 5, 6])).toBe(-1);
  expect(cliffsDelta([1, 3], [2, 2])).toBe(0);
});

describe('signedRank', () => {
  it('is exact', () => {
    expect(signedRank([1, 2, 3, 4, 5])).toBeCloseTo(2 / 32, 12);
    expect(signedRank([-1, -2, -3, -4, -5])).toBeCloseTo(2 / 32, 12);
    // 13 of the 32 choices of signs give a positive rank sum of at most 6.
    expect(signedRank([1, -2, 3, -4, 5])).toBeCloseTo(26 / 32, 12);
    expect(signedRank([0, 0, 1, -1])).toBe(1);
    expect(signedRank([])).toBe(1);
  });
  it('calls one in twenty of the differences that are none one', () => {
    const random = new Random(3);
    const trials = 2000;
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const differences = Array.from({ length: 20 }, () => random.below(2_000_001) - 1_000_000);
      if (signedRank(differences) < 0.05) found++;
    }
    expect(found / trials).toBeGreaterThan(0.03);
    expect(found / trials).toBeLessThan(0.07);
  });
});

describe('benjaminiHochberg', () => {
  const rounded = (ps: number[]): number[] => benjaminiHochberg(ps).map((p) => Number(p.toFixed(6)));

  it('multiplies by the count and divides by the rank, and never rises towards smaller values', () => {
    expect(rounded([0.01, 0.04, 0.03])).toEqual([0.03, 0.04, 0.04]);
    expect(rounded([0.5, 0.9])).toEqual([0.9, 0.9]);
    expect(rounded([0.001, 0.2, 0.8, 0.9])).toEqual([0.004, 0.4, 0.9, 0.9]);
  });

  it('finds something in about 5 % of the families in which there is nothing', () => {
    const random = new Random(13);
    let families = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const ps = Array.from({ length: 20 }, () => random.next() / 0x1_0000_0000);
      if (Math.min(...benjaminiHochberg(ps)) < 0.05) families++;
    }
    expect(families).toBeGreaterThan(25);
    expect(families).toBeLessThan(80);
  });
});

describe('crossover', () => {
  it('interpolates where the ratio falls through 1', () => {
    expect(crossingOf([0, 50, 100], [2, 1.5, 0.5])).toBe(75);
    expect(crossingOf([0, 50], [0.9, 0.5])).toBeNull();
    expect(crossingOf([0, 50], [1.9, 1.5])).toBeNull();
  });

  it('finds a planted crossover of noisy rounds within its interval', () => {
    const random = new Random(21);
    // Truth: 200 - x against 100 + x: they cross at 50.
    const points = [0, 20, 40, 60, 80, 100].map((x) => ({
      x,
      own: sample(random, 10, 200 - x, 5),
      others: [sample(random, 10, 100 + x, 5), sample(random, 10, 60, 5)],
    }));
    const { x, low, high, crossing } = estimateCrossover(points);
    expect(crossing).toBe(1);
    expect(x).toBeGreaterThan(45);
    expect(x).toBeLessThan(55);
    expect(low).toBeLessThanOrEqual(x!);
    expect(high).toBeGreaterThanOrEqual(x!);
    expect(high! - low!).toBeLessThan(12);
  });

  it('does not take the luckiest of many equal ones for better', () => {
    const random = new Random(31);
    let below = 0;
    for (let trial = 0; trial < 20; trial++) {
      const others = Array.from({ length: 8 }, () => sample(random, 10, 100, 15));
      const [ratio] = estimateCrossover([{ x: 0, own: sample(random, 10, 100, 15), others }]).ratios;
      if (ratio! < 1) below++;
    }
    // Half of the trials are meant; the largest of eight medians would be above nearly always.
    expect(below).toBeGreaterThan(3);
    expect(below).toBeLessThan(17);
  });

  it('says that there is none', () => {
    const points = [0, 100].map((x) => ({ x, own: [5, 6, 5, 6, 5, 6], others: [[9, 9, 8, 9, 9, 8]] }));
    expect(estimateCrossover(points)).toMatchObject({ x: null, low: null, high: null, crossing: 0 });
  });
});
