// The workloads on native threads: ../../native/goals.c.

import { runNative } from '../patterns/native.ts';
import { goalCell } from './measure.ts';
import type { GoalCell, GoalPlan } from './measure.ts';
import { findWorkload } from './workloads.ts';

/** Nothing compiles: caches fill, and the clock of the core rises. */
const WARM_UP_MS = 100;

interface NativeResult {
  readonly opsPerSecond: number;
  readonly operations: number;
}

/** Runs the cells of a plan; pages are not counted there. */
export function measureNativeGoals(subject: string, { points, seconds }: GoalPlan): GoalCell[] {
  const times = [WARM_UP_MS, seconds * 1000].map((ms) => String(Math.ceil(ms)));
  return points.map((point) => {
    const args = [point.workload, String(point.agents), ...times];
    const { opsPerSecond, operations } = runNative<NativeResult>('goals', subject, args);
    const objects = findWorkload(point.workload).stores ? operations : 0;
    return goalCell(subject, point, opsPerSecond, objects, null);
  });
}
