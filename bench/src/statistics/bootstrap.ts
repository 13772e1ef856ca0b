// Bootstrap intervals: what the statistic would have been, had the same rounds come out in other proportions.
//
// RULES
//   1. Percentile intervals of resampled rounds. The same values give the same interval: the generator is seeded.
//   2. An interval of n rounds never claims more than n rounds can give: a median of n values lies outside their whole
//      range with probability 2 / 2^n, so below six rounds the interval is the range, with that confidence.
//   3. Two subjects that ran in the same rounds are resampled together: what a round's moment did to both cancels out.

import type { Estimate } from '../model/row.ts';
import { Random } from '../random.ts';
import { median, medianOfSorted, quantileOfSorted } from '../statistics.ts';

/** Confidence that intervals aim at. */
export const CONFIDENCE = 0.95;
const RESAMPLES = 1000;
const SEED = 20250205;

/** Confidence of the range of `count` values as an interval of the median, at most CONFIDENCE. */
export function confidenceOf(count: number): number {
  return count === 0 ? 0 : Math.min(CONFIDENCE, 1 - 2 ** (1 - count));
}

/** Sorts the first `count` values in place: insertion, because there are few and it is called often. */
function sortFew(values: Float64Array, count: number): Float64Array {
  for (let index = 1; index < count; index++) {
    const value = values[index]!;
    let at = index;
    for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
  return values;
}

/** Interval of `statistic` over resampled indices of `count` rounds, in ascending order of its values. */
export function resample(
  count: number,
  statistic: (indices: Uint32Array) => number,
  resamples: number = RESAMPLES,
): Float64Array {
  const random = new Random(SEED);
  const indices = new Uint32Array(count);
  const values = new Float64Array(resamples);
  for (let sample = 0; sample < resamples; sample++) {
    for (let index = 0; index < count; index++) indices[index] = random.below(count);
    values[sample] = statistic(indices);
  }
  return values.sort();
}

/** Lower and upper end of a percentile interval. */
export function percentileInterval(ordered: Float64Array): { low: number; high: number } {
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileOfSorted(ordered, tail), high: quantileOfSorted(ordered, 1 - tail) };
}

/** Median of the rounds with its interval. */
export function estimateMedian(values: readonly number[]): Estimate {
  const count = values.length;
  const confidence = confidenceOf(count);
  const point = median(values);
  if (confidence < CONFIDENCE)
    return { median: point, low: Math.min(...values), high: Math.max(...values), confidence, count };
  const drawn = new Float64Array(count);
  const ordered = resample(count, (indices) => {
    for (let index = 0; index < count; index++) drawn[index] = values[indices[index]!]!;
    return medianOfSorted(sortFew(drawn, count));
  });
  return { median: point, ...percentileInterval(ordered), confidence, count };
}

/**
 * Ratio of two medians with its interval. `values[i]` and `baseline[i]` are of the same round.
 * Null when the ratio does not exist: a median of the baseline is 0.
 */
export function estimateRatio(values: readonly number[], baseline: readonly number[]): Estimate | null {
  const count = values.length;
  const point = median(values) / median(baseline);
  if (!Number.isFinite(point)) return null;
  const confidence = confidenceOf(count);
  if (confidence < CONFIDENCE) {
    const ratios = values.map((value, index) => value / baseline[index]!).filter(Number.isFinite);
    return { median: point, low: Math.min(point, ...ratios), high: Math.max(point, ...ratios), confidence, count };
  }
  const above = new Float64Array(count);
  const below = new Float64Array(count);
  const ordered = resample(count, (indices) => {
    for (let index = 0; index < count; index++) {
      above[index] = values[indices[index]!]!;
      below[index] = baseline[indices[index]!]!;
    }
    return medianOfSorted(sortFew(above, count)) / medianOfSorted(sortFew(below, count));
  });
  const finite = ordered.filter((ratio) => Number.isFinite(ratio));
  return { median: point, ...percentileInterval(finite), confidence, count };
}
