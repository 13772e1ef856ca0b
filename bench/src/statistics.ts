// Medians, quantiles and intervals. Nothing is assumed about the shape of the distribution, and no outlier is removed.

/** Bounds for a median, with the confidence that so many values can really give. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Probability that the interval covers the true median; below 0.95 when there are too few values. */
  readonly confidence: number;
}

/** A median with its interval. */
export interface Estimate extends Interval {
  readonly median: number;
  readonly count: number;
}

/** How two strategies compare: the ratio of paired rounds. */
export interface Comparison extends Estimate {
  /** True when the interval has 95 % confidence and leaves out 1. */
  readonly significant: boolean;
}

/** Confidence that a difference must have to be called one. */
export const CONFIDENCE_WANTED = 0.95;

function sorted(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}

/** The middle value, or the mean of the middle two; NaN without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const ordered = sorted(values);
  const middle = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
}

/**
 * The smallest of the sorted values that at least `share` of them do not exceed ("nearest rank"); NaN without
 * values.
 */
export function quantileOfSorted(ordered: ArrayLike<number>, share: number): number {
  if (ordered.length === 0) return Number.NaN;
  const rank = Math.max(1, Math.ceil(share * ordered.length));
  return ordered[rank - 1]!;
}

/** Probability that fewer than `rank` of `count` fair coins show heads. */
function coinsBelow(count: number, rank: number): number {
  let ways = 1;
  let sum = 0;
  for (let heads = 0; heads < rank; heads++) {
    sum += ways;
    ways = (ways * (count - heads)) / (heads + 1);
  }
  return sum / 2 ** count;
}

/**
 * Interval of the median from order statistics: exact for any continuous distribution.
 *
 * Takes the narrowest symmetric pair of ranks with at least 95 % confidence. Fewer than six values cannot give that
 * much: the whole range is then returned with the confidence that it has, for instance 75 % for three values.
 */
export function medianInterval(values: readonly number[]): Interval {
  const ordered = sorted(values);
  const count = ordered.length;
  if (count === 0) return { low: Number.NaN, high: Number.NaN, confidence: 0 };
  let rank = 1;
  while (rank + 1 <= count / 2 && 1 - 2 * coinsBelow(count, rank + 1) >= CONFIDENCE_WANTED) rank++;
  return {
    low: ordered[rank - 1]!,
    high: ordered[count - rank]!,
    confidence: Math.max(0, 1 - 2 * coinsBelow(count, rank)),
  };
}

/** Median and interval of the values. */
export function estimate(values: readonly number[]): Estimate {
  return { median: median(values), count: values.length, ...medianInterval(values) };
}

/** Compares rounds that were run in turn: round i of one against round i of the other. */
export function compareRounds(values: readonly number[], baseline: readonly number[]): Comparison {
  const ratios = values.slice(0, baseline.length).map((value, round) => value / baseline[round]!);
  const ratio = estimate(ratios);
  return { ...ratio, significant: ratio.confidence >= CONFIDENCE_WANTED && (ratio.low > 1 || ratio.high < 1) };
}
