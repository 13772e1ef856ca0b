// A measured process: does one job, with one strategy loaded, and sends the cells to its parent.

import { CheckError } from '../checks.ts';
import type { Job } from '../model/scenario.ts';
import { loadScenario } from '../scenarios/index.ts';
import { READY } from './messages.ts';
import type { Reply } from './messages.ts';

// A scenario's code is loaded alone: what a process has not loaded cannot have shaped its compiled code.
const loading = loadScenario(process.argv[2]!);

async function reply(job: Job): Promise<Reply> {
  try {
    const scenario = await loading;
    return { ok: true, cells: await scenario.measure(job) };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { ok: false, error: text, failedCheck: error instanceof CheckError || code === 'ERR_ZS_CORRUPT' };
  }
}

process.once('message', async (job: Job) => {
  const result = await reply(job);
  // Workers of a failed job may still be running; the parent has the reason by then.
  process.send!(result, () => process.exit(result.ok ? 0 : 1));
});
// The parent has gone: nobody would hear the result.
process.once('disconnect', () => process.exit(1));
await loading.catch(() => {});
process.send!(READY);
