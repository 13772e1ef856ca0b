// A measured process: does one job, with one strategy loaded, and sends the result to its parent.

import { CheckError } from './checks.ts';
import type { Job, Reply } from './jobs.ts';
import { loadStrategy } from './strategies.ts';

async function run(job: Job): Promise<unknown> {
  // Each job's code is loaded alone: what a process has not loaded cannot have shaped its compiled code.
  switch (job.kind) {
    case 'replay':
      return (await import('./replay.ts')).runReplay(job);
    case 'count':
      return (await import('./atomics-count.ts')).runCount(await loadStrategy(job.strategyId));
    case 'time':
      return (await import('./micro-timing.ts')).runTiming(await loadStrategy(job.strategyId), job.blocks);
    case 'density':
      return (await import('./density.ts')).runDensity(await loadStrategy(job.strategyId));
    case 'metadata':
      return (await import('./metadata.ts')).runMetadata(await loadStrategy(job.strategyId), job.poolBytes);
  }
}

async function reply(job: Job): Promise<Reply> {
  try {
    return { ok: true, result: await run(job) };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { ok: false, error: text, failedCheck: error instanceof CheckError || code === 'ERR_ZS_CORRUPT' };
  }
}

process.once('message', async (job: Job) => {
  const result = await reply(job);
  // Workers of a failed replay may still be running; the parent has the reason by then.
  process.send!(result, () => process.exit(result.ok ? 0 : 1));
});
