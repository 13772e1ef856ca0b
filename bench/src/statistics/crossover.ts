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
  /** Null: it does not cross; `ratios` tells on which side it stays. */
  readonly x: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Share of the resamples in which it crosses. */
  readonly crossing: number;
  /** Ratio at each point, from the medians. */
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

function ratioOf({ own, others }: Point, indices: ArrayLike<number>): number {
  const pick = (values: readonly number[]): number => median(Array.from(indices, (index) => values[index]!));
  return pick(own) / Math.max(...others.map(pick));
}

/**
 * The crossover of points in ascending order of x. All values are by the same rounds, which are resampled together: a slow
 * moment of the machine hits all subjects of its round.
 */
export function estimateCrossover(points: readonly Point[]): Crossover {
  const count = Math.min(...points.flatMap(({ own, others }) => [own.length, ...others.map(({ length }) => length)]));
  const xs = points.map(({ x }) => x);
  const every = Array.from({ length: count }, (_, index) => index);
  const ratios = points.map((point) => ratioOf(point, every));
  const drawn: number[][] = points.map(() => []);
  const found: number[] = [];
  let resamples = 0;
  resample(count, (indices) => {
    const own = points.map((point) => ratioOf(point, indices));
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
    x: crossingOf(xs, ratios),
    low: isCommon ? interval.low : null,
    high: isCommon ? interval.high : null,
    crossing,
    ratios,
    intervals: drawn.map((values) => percentileInterval(Float64Array.from(values).sort())),
  };
}
