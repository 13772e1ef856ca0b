// Words whose plain accesses race by design.

import type { PoolPlan } from '../../packages/core/src/layout/plan.ts';

export type RacyKind = never;

export function racyWords(_kinds: readonly RacyKind[], _plan: PoolPlan, _words: Int32Array): ReadonlySet<number> {
  return new Set();
}
