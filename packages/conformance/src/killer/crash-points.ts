// Which operations an agent dies before. A sweep goes through them in order, and would never come to the late ones when
// time is short: so first come points by lot.

import type { ExploreOptions, ExploreResult } from '@zsmalloc/explorer';

/** Executions of each point: the death alone, and a few in which others run meanwhile. */
const EXECUTIONS = 3;
const POINTS_MAX = 4096;

/** Explores one program with these options. */
type Run = (options: Partial<ExploreOptions>) => ExploreResult;

/** Tries points by lot until the time is over, or one fails. */
export function sampleCrashes(run: Run, thread: string, options: Partial<ExploreOptions>): ExploreResult {
  const endMs = performance.now() + (options.timeLimitMs ?? Infinity);
  const at = (beforeOperation: number, maxExecutions: number): ExploreResult =>
    run({ ...options, crash: { thread, beforeOperation }, maxExecutions });
  const first = at(0, EXECUTIONS);
  // All executions of one point are not all points.
  let sum: ExploreResult = first.failure === null ? { ...first, verdict: 'cut-off', isComplete: false } : first;
  let points = 1;
  while (points < POINTS_MAX && sum.failure === null && performance.now() < endMs) {
    const last = at(points, 1);
    sum = add(sum, last);
    if (last.crashPoints === 0) break;
    points *= 2;
  }
  while (sum.failure === null && performance.now() < endMs) {
    sum = add(sum, at(Math.floor(Math.random() * points), EXECUTIONS));
  }
  return sum;
}

function add(sum: ExploreResult, more: ExploreResult): ExploreResult {
  // A death that never comes is a program without one: not what is counted here.
  const { executions, operations } = more.crashPoints === 0 ? { executions: 0, operations: 0 } : more;
  return {
    ...more,
    executions: sum.executions + executions,
    operations: sum.operations + operations,
    pruned: sum.pruned + more.pruned,
    crashPoints: sum.crashPoints + more.crashPoints,
    elapsedMs: sum.elapsedMs + more.elapsedMs,
    verdict: more.failure === null ? 'cut-off' : 'failed',
    isComplete: false,
  };
}
