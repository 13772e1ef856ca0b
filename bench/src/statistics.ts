// Medians and quantiles. Nothing is assumed about the shape of the distribution, and no outlier is removed.

/** The middle value, or the mean of the middle two; NaN without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  return medianOfSorted(values.toSorted((left, right) => left - right));
}

/** The median of values in ascending order; NaN without values. */
export function medianOfSorted(ordered: ArrayLike<number>): number {
  const middle = ordered.length >> 1;
  if (ordered.length === 0) return Number.NaN;
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
