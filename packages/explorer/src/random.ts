/** Deterministic pseudo-random numbers (xorshift32), so that a printed seed is enough to repeat a run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Zero is the generator's fixed point; the multiplication spreads neighbouring seeds.
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1;
  }

  /** An integer from 0 up to but not including `limit`. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
