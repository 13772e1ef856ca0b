// One worker of an allocator pattern.

import { taskOf } from '../crew/steps.ts';
import type { Task, TaskContext } from '../crew/task.ts';
import { findPattern } from './all.ts';
import { ObjectSteps } from './object-steps.ts';
import { ObjectTable } from '../object-table.ts';
import { attachHeap } from './subjects.ts';
import type { HeapDescriptor } from './subjects.ts';

/** What a worker is given. */
export interface PatternTaskPlan {
  readonly pattern: string;
  readonly heap: HeapDescriptor;
  readonly table: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

export async function createTask({ index, workers, plan, random, latencies }: TaskContext): Promise<Task> {
  const { pattern, heap: descriptor, table, words } = plan as PatternTaskPlan;
  // Patterns number their workers from 0; agent 0 of the stamps is the main one.
  const number = index - 1;
  const heap = await attachHeap(descriptor, number);
  const objects = new ObjectSteps(heap, new ObjectTable(table), random, index);
  const steps = findPattern(pattern).steps({ objects, index: number, workers, words: new Int32Array(words) });
  return taskOf(steps, latencies, {
    counts: () => ({
      refused: objects.refused,
      verified: objects.verified,
      verifiedBytes: objects.verifiedBytes,
    }),
    close: () => heap.detach(),
  });
}
