// What the kit and the process that runs its checks say to each other.

import type { Finding } from '../check.ts';

/** First and only message to a child. */
export interface Order {
  readonly module: string;
  readonly name: string;
  /** Checks to run, in order. */
  readonly checks: readonly string[];
  /** Time for all of them, in ms. */
  readonly budgetMs: number;
  readonly seed: number;
  readonly schedule?: string;
}

/** From the child. */
export type News =
  | { readonly kind: 'start'; readonly check: string; readonly budgetMs: number }
  | { readonly kind: 'finding'; readonly check: string; readonly finding: Finding; readonly elapsedMs: number }
  | { readonly kind: 'end' };
