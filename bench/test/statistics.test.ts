import { describe, expect, it } from 'vitest';
import { compareRounds, estimate, median, medianInterval, quantileOfSorted } from '../src/statistics.ts';

describe('median', () => {
  it('is the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the middle two of an even number', () => expect(median([4, 1, 3, 100])).toBe(3.5));
  it('is not a number without values', () => expect(median([])).toBeNaN());
});

describe('quantileOfSorted', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  it('takes the nearest rank', () => {
    expect(quantileOfSorted(hundred, 0.5)).toBe(50);
    expect(quantileOfSorted(hundred, 0.99)).toBe(99);
    expect(quantileOfSorted(hundred, 0.999)).toBe(100);
    expect(quantileOfSorted([7], 0.001)).toBe(7);
  });
});

describe('medianInterval', () => {
  it('says 75 % for the range of three values: each median misses it with 2 x 1/8', () =>
    expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3, confidence: 0.75 }));

  it('says 96.875 % for the range of six values: 1 - 2 / 64', () =>
    expect(medianInterval([6, 5, 4, 3, 2, 1])).toEqual({ low: 1, high: 6, confidence: 0.96875 }));

  it('takes the second smallest and second largest of nine: 1 - 2 (1 + 9) / 512', () =>
    expect(medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual({ low: 2, high: 8, confidence: 1 - 20 / 512 }));

  it('gives one value no confidence', () => expect(medianInterval([4])).toEqual({ low: 4, high: 4, confidence: 0 }));
});

describe('compareRounds', () => {
  it('calls a difference significant when the interval of the paired ratios leaves out 1', () => {
    const result = compareRounds([2, 4, 6, 8, 10, 12], [1, 2, 3, 4, 5, 6]);
    expect(result).toMatchObject({ median: 2, low: 2, high: 2, count: 6, significant: true });
  });

  it('does not when one round points the other way', () =>
    expect(compareRounds([2, 2, 2, 2, 2, 0.9], [1, 1, 1, 1, 1, 1]).significant).toBe(false));

  it('does not with too few rounds, however clear they look', () =>
    expect(compareRounds([9, 9, 9], [1, 1, 1]).significant).toBe(false));
});

it('estimate joins median, interval and count', () =>
  expect(estimate([1, 2, 3])).toEqual({ median: 2, low: 1, high: 3, confidence: 0.75, count: 3 }));
