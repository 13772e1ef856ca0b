// One worker of the put-get workload.

import { laterTaskOf, taskOf } from '../crew/steps.ts';
import type { Task, TaskContext } from '../crew/task.ts';
import { AsyncPutGetSteps, PutGetSteps } from './put-get-steps.ts';
import { attachStore } from './subjects.ts';
import type { StoreDescriptor } from './subjects.ts';

/** What all workers are given. */
export interface PutGetTaskPlan {
  readonly sizeBytes: number;
}

/** What each worker alone is given. */
export interface PutGetOwn {
  readonly store: StoreDescriptor;
}

export async function createTask({ index, plan, own, random, latencies }: TaskContext): Promise<Task> {
  const { sizeBytes } = plan as PutGetTaskPlan;
  const attached = await attachStore((own as PutGetOwn).store, index - 1);
  const end = ({ choice }: PutGetSteps | AsyncPutGetSteps): Pick<Task, 'counts' | 'close'> => ({
    counts: () => ({ verified: choice.verified }),
    close: () => attached.store.close(),
  });
  if (attached.later) {
    const steps = new AsyncPutGetSteps(attached.store, sizeBytes, random, index);
    return laterTaskOf(steps, latencies, end(steps));
  }
  const steps = new PutGetSteps(attached.store, sizeBytes, random, index);
  return taskOf(steps, latencies, end(steps));
}
