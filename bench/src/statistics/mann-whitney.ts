// Do two groups of rounds differ? The Mann-Whitney test asks how often a value of one exceeds one of the other; Cliff's
// delta says by how much more often.

/** Up to so many values in all the p value is exact, ties included; beyond, the normal approximation is. */
const EXACT_MAX = 40;

/** Ranks of all values, ties sharing theirs, doubled so that they are integers. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((left, right) => values[left]! - values[right]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    // Ranks start + 1 to end, their mean doubled.
    for (let index = start; index < end; index++) ranks[order[index]!] = start + 1 + end;
    start = end;
  }
  return ranks;
}

/** Share of all choices of `size` ranks whose sum is as far from the mean as `sum`, or farther. */
function exactP(ranks: readonly number[], size: number, sum: number): number {
  const total = ranks.reduce((partial, rank) => partial + rank, 0);
  // ways[chosen][s]: choices of so many ranks that add up to s.
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(total + 1));
  ways[0]![0] = 1;
  for (const rank of ranks) {
    for (let chosen = size; chosen > 0; chosen--) {
      const from = ways[chosen - 1]!;
      const to = ways[chosen]!;
      for (let at = total; at >= rank; at--) to[at] = to[at]! + from[at - rank]!;
    }
  }
  const mean = (size * total) / ranks.length;
  const distance = Math.abs(sum - mean) - 1e-9;
  let far = 0;
  let all = 0;
  ways[size]!.forEach((count, at) => {
    all += count;
    if (Math.abs(at - mean) >= distance) far += count;
  });
  return far / all;
}

/** Upper tail of the standard normal distribution, within 2e-7. Source: Abramowitz and Stegun 26.2.17. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

function approximateP(ranks: readonly number[], size: number, sum: number): number {
  const count = ranks.length;
  const rest = count - size;
  const mean = size * (count + 1);
  const square = ranks.reduce((partial, rank) => partial + (rank - (count + 1)) ** 2, 0);
  // Variance of a sum of `size` ranks drawn without replacement; ties are in the ranks already.
  const deviation = Math.sqrt((size * rest * square) / (count * (count - 1)));
  if (deviation === 0) return 1;
  return Math.min(1, 2 * normalTail(Math.max(0, Math.abs(sum - mean) - 1) / deviation));
}

/** Two-sided p value of the hypothesis that `left` and `right` come from one distribution; 1 when one is empty. */
export function mannWhitney(left: readonly number[], right: readonly number[]): number {
  if (left.length === 0 || right.length === 0) return 1;
  const ranks = doubledRanks([...left, ...right]);
  const sum = ranks.slice(0, left.length).reduce((partial, rank) => partial + rank, 0);
  return ranks.length <= EXACT_MAX ? exactP(ranks, left.length, sum) : approximateP(ranks, left.length, sum);
}

/** Cliff's delta: how much more often a value of `left` exceeds one of `right` than the other way, -1 to 1. */
export function cliffsDelta(left: readonly number[], right: readonly number[]): number {
  if (left.length === 0 || right.length === 0) return 0;
  let more = 0;
  for (const value of left) for (const other of right) more += Math.sign(value - other);
  return more / (left.length * right.length);
}

/**
 * Benjamini and Hochberg's correction: p values adjusted for their number, in the same order. Of the differences with less
 * than 0.05, one in twenty is expected to be none; where there are no differences at all, one is found in 5 % of the
 * families.
 */
export function benjaminiHochberg(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).toSorted((left, right) => ps[right]! - ps[left]!);
  const adjusted = new Array<number>(ps.length);
  let lowest = 1;
  order.forEach((index, fromTop) => {
    lowest = Math.min(lowest, (ps[index]! * ps.length) / (ps.length - fromTop));
    adjusted[index] = lowest;
  });
  return adjusted;
}
