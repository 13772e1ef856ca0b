// Wilcoxon's signed-rank test: whether paired differences lie to one side of 0.
//
// Exact: the rank sum's distribution is counted out, for up to a few hundred pairs. Differences of 0 are left out, as Wilcoxon did;
// equal sizes share their mean rank, which with measured values hardly ever happens.

/** Ranks of the sizes from 1, equal ones with their mean rank. */
function ranksOf(sizes: readonly number[]): number[] {
  const ordered = sizes.toSorted((left, right) => left - right);
  return sizes.map((size) => (ordered.indexOf(size) + ordered.lastIndexOf(size)) / 2 + 1);
}

/** Two-sided p; 1 without pairs that differ. */
export function signedRank(differences: readonly number[]): number {
  const telling = differences.filter((difference) => difference !== 0);
  const count = telling.length;
  if (count === 0) return 1;
  const ranks = ranksOf(telling.map(Math.abs));
  const positive = telling.reduce((sum, difference, index) => sum + (difference > 0 ? ranks[index]! : 0), 0);
  const most = (count * (count + 1)) / 2;
  // shares[sum]: in which share of all choices of signs the positive ranks add up to it.
  let shares = new Float64Array(most + 1);
  shares[0] = 1;
  for (let rank = 1; rank <= count; rank++)
    shares = shares.map((share, sum) => (share + (sum >= rank ? shares[sum - rank]! : 0)) / 2);
  const least = Math.floor(Math.min(positive, most - positive));
  const tail = shares.subarray(0, least + 1).reduce((sum, share) => sum + share, 0);
  return Math.min(1, 2 * tail);
}
