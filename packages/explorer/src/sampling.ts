import { type Event } from './event.ts';
import { Random } from './random.ts';
import { type ChoicePoint, type Scheduler } from './scheduler.ts';

/** Each step is taken by any thread that can, with equal chance. */
export class RandomWalk implements Scheduler {
  readonly needsDependence = false;
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  beginExecution(): void {}

  choose({ enabled }: ChoicePoint): number {
    return this.#random.pick(enabled);
  }

  taken(): void {}

  disabled(): void {}

  endExecution(): boolean {
    return true;
  }
}

/**
 * Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): random priorities, lowered at `depth - 1` random
 * steps. A bug that needs `depth` ordering constraints is hit with probability at least 1 / (n * k^(depth - 1)) per
 * execution of k steps and n threads.
 */
export class PriorityWalk implements Scheduler {
  readonly needsDependence = false;
  readonly #random: Random;
  readonly #depth: number;
  readonly #threadCount: number;
  #priorities: number[] = [];
  #changeSteps: number[] = [];
  /** Estimate of k: the longest execution so far. */
  #stepsMax = 20;

  constructor(seed: number, depth: number, threadCount: number) {
    this.#random = new Random(seed);
    this.#depth = depth;
    this.#threadCount = threadCount;
  }

  beginExecution(): void {
    this.#priorities = Array.from({ length: this.#threadCount }, () => 1 + this.#random.below(1 << 20));
    this.#changeSteps = Array.from({ length: this.#depth - 1 }, () => 1 + this.#random.below(this.#stepsMax));
  }

  choose({ depth, enabled, last }: ChoicePoint): number {
    if (last >= 0 && this.#changeSteps.includes(depth)) this.#priorities[last] = -depth;
    return enabled.reduce((best, q) => (this.#priorities[q]! > this.#priorities[best]! ? q : best));
  }

  taken(): void {}

  disabled(): void {}

  endExecution(trace: readonly Event[]): boolean {
    this.#stepsMax = Math.max(this.#stepsMax, trace.length);
    return true;
  }
}
