// A small seeded generator: the same seed gives the same schedule and the same operations on every machine.

/** xorshift32; the state is never 0. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Spreads neighbouring seeds apart, so that workers 1 and 2 do not walk in step.
    const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
    this.#state = (mixed ^ (mixed >>> 15)) | 0 || 1;
    for (let round = 0; round < 8; round++) this.next();
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** An integer from 0 to `limit - 1`. The bias is below limit / 2^32. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }
}

/** A shuffled copy of `items`. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}
