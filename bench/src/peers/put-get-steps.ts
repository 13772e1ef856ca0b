// The steps of the put-get workload: gets, puts and removes of random keys that all workers share.
//
// MIX (of 100)   64 gets   24 puts   12 removes   The share f of keys with a value settles where 24 (1 - f) = 12 f.

import type { Random } from '../random.ts';
import type { AsyncSteps, Steps } from '../crew/steps.ts';
import { KEYS } from './store.ts';
import type { AsyncStore, Store } from './store.ts';
import { ValueMaker } from './value.ts';

const GETS_OF_100 = 64;
const PUTS_OF_100 = 24;

/** What a step is to do; chosen the same way for both kinds of store. */
class Choice {
  verified = 0;
  verifiedBytes = 0;
  readonly values: ValueMaker;
  readonly target: Uint8Array;
  readonly #random: Random;
  readonly #agent: number;
  #versions = 0;

  constructor(sizeBytes: number, random: Random, agent: number) {
    this.values = new ValueMaker(sizeBytes);
    this.target = new Uint8Array(sizeBytes);
    this.#random = random;
    this.#agent = agent;
  }

  key(): number {
    return this.#random.below(KEYS);
  }

  of100(): number {
    return this.#random.below(100);
  }

  newValue(key: number): Uint8Array {
    return this.values.make(key, (++this.#versions << 8) | this.#agent | 0);
  }

  /** @param length As `get` returned it. */
  check(key: number, length: number): void {
    if (length < 0) return;
    this.values.verify(key, length === this.target.length ? this.target : this.target.subarray(0, length));
    this.verified++;
    this.verifiedBytes += length;
  }
}

/** Steps on a store that answers at once. */
export class PutGetSteps implements Steps {
  readonly choice: Choice;
  readonly #store: Store;

  constructor(store: Store, sizeBytes: number, random: Random, agent: number) {
    this.#store = store;
    this.choice = new Choice(sizeBytes, random, agent);
  }

  step(): number {
    const { choice } = this;
    const key = choice.key();
    const dice = choice.of100();
    if (dice < GETS_OF_100) choice.check(key, this.#store.get(key, choice.target));
    else if (dice < GETS_OF_100 + PUTS_OF_100) this.#store.put(key, choice.newValue(key));
    else this.#store.remove(key);
    return 1;
  }
}

/** Steps on a store that answers later. */
export class AsyncPutGetSteps implements AsyncSteps {
  readonly choice: Choice;
  readonly #store: AsyncStore;

  constructor(store: AsyncStore, sizeBytes: number, random: Random, agent: number) {
    this.#store = store;
    this.choice = new Choice(sizeBytes, random, agent);
  }

  async step(): Promise<number> {
    const { choice } = this;
    const key = choice.key();
    const dice = choice.of100();
    if (dice < GETS_OF_100) choice.check(key, await this.#store.get(key, choice.target));
    else if (dice < GETS_OF_100 + PUTS_OF_100) await this.#store.put(key, choice.newValue(key));
    else await this.#store.remove(key);
    return 1;
  }
}
