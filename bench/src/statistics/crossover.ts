// Where two curves cross: the write share at which one subject stops being the faster one, with a bootstrap interval.

import { median } from '../statistics.ts';
import { CONFIDENCE, percentileInterval, resample } from './bootstrap.ts';

/** Values of one subject at one point of the horizontal axis, by round. */
export interface Point {
  readonly x: number;
  readonly own: readonly number[];
  /** Of each of the others; the best of them counts. */
  readonly others: readonly (readonly number[])[];
}

/** Where the ratio of `own` to the best of `others` falls through 1. */
export interface Crossover {
  /** Median of the resamples; null when too few of them cross: `ratios` tells on which side it stays. */
  readonly x: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Share of the resamples in which it crosses. */
  readonly crossing: number;
  /** Ratio at each point: the median of the resamples. */
  readonly ratios: readonly number[];
  /** At each point the interval of that ratio. */
  readonly intervals: readonly { readonly low: number; readonly high: number }[];
}

/** First x at which the ratios fall from above 1 to below, interpolated between points; null when they do not. */
export function crossingOf(xs: readonly number[], ratios: readonly number[]): number | null {
  for (let at = 0; at < xs.length; at++) {
    if (ratios[at]! >= 1) continue;
    if (at === 0) return null;
    const [x0, x1, r0, r1] = [xs[at - 1]!, xs[at]!, ratios[at - 1]!, ratios[at]!];
    return x0 + ((x1 - x0) * (r0 - 1)) / (r0 - r1);
  }
  return null;
}

function medianAt(values: readonly number[], indices: readonly number[]): number {
  return median(indices.map((index) => values[index]!));
}

/**
 * Ratio to the best of the others in the rounds `drawn`. Which of them is the best is seen in the rounds that were left out:
 * the largest of several noisy medians is too large, and would make every subject look slower than the best.
 */
function ratioOf({ own, others }: Point, drawn: readonly number[], leftOut: readonly number[]): number {
  const choosing = leftOut.length === 0 ? drawn : leftOut;
  const marks = others.map((values) => medianAt(values, choosing));
  const best = others[marks.indexOf(Math.max(...marks))]!;
  return medianAt(own, drawn) / medianAt(best, drawn);
}

/**
 * The crossover of points in ascending order of x. All values are by the same rounds, which are resampled together: a slow
 * moment of the machine hits all subjects of its round.
 */
export function estimateCrossover(points: readonly Point[]): Crossover {
  const count = Math.min(...points.flatMap(({ own, others }) => [own.length, ...others.map(({ length }) => length)]));
  const xs = points.map(({ x }) => x);
  const every = Array.from({ length: count }, (_, index) => index);
  const drawn: number[][] = points.map(() => []);
  const found: number[] = [];
  let resamples = 0;
  resample(count, (indices) => {
    const rounds = Array.from(indices);
    const leftOut = every.filter((index) => !rounds.includes(index));
    const own = points.map((point) => ratioOf(point, rounds, leftOut));
    own.forEach((ratio, at) => drawn[at]!.push(ratio));
    const x = crossingOf(xs, own);
    if (x !== null) found.push(x);
    resamples++;
    return 0;
  });
  const crossing = found.length / resamples;
  const interval = percentileInterval(Float64Array.from(found).sort());
  const isCommon = crossing >= 1 - (1 - CONFIDENCE);
  return {
    x: isCommon ? median(found) : null,
    low: isCommon ? interval.low : null,
    high: isCommon ? interval.high : null,
    crossing,
    ratios: drawn.map(median),
    intervals: drawn.map((values) => percentileInterval(Float64Array.from(values).sort())),
  };
}
