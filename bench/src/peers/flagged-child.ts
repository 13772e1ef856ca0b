// A measured process with the flag of Atomics.Mutex: the flag counts only when a process starts with it.

import type { PutGetPlan } from './measure.ts';
import { measurePutGet } from './measure.ts';

/** What it is asked. */
export interface FlaggedJob {
  readonly subject: string;
  readonly plan: PutGetPlan;
  readonly seed: number;
}

process.once('message', async ({ subject, plan, seed }: FlaggedJob) => {
  const cells = await measurePutGet({ subject, seed }, plan);
  process.send!(cells, () => process.exit(0));
});
// The parent has gone: nobody would hear the result.
process.once('disconnect', () => process.exit(1));
