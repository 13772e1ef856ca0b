// A process that runs checks, one after the other. Whatever the strategy does to it, the process that started it goes on.

import { checkNamed } from '../checks.ts';
import type { Check, CheckContext, Finding } from '../check.ts';
import { loadSubject } from '../subject.ts';
import type { News, Order } from './messages.ts';

const tell = (news: News): Promise<void> =>
  new Promise((resolve) => {
    process.send!(news, () => resolve());
  });

async function runAll({ module, name, checks, budgetMs, seed, schedule }: Order): Promise<void> {
  const subject = await loadSubject(module, name);
  const known = checks.map((id) => checkNamed(id)!);
  let weight = known.reduce((sum, check) => sum + check.weight, 0);
  const endMs = performance.now() + budgetMs;
  for (const check of known) {
    // What the earlier ones have left is for those that are still to come.
    const shareMs = Math.max(20, ((endMs - performance.now()) * check.weight) / weight);
    weight -= check.weight;
    await tell({ kind: 'start', check: check.id, budgetMs: shareMs });
    const startMs = performance.now();
    const context = { subject, budgetMs: shareMs, seed, ...(schedule === undefined ? {} : { schedule }) };
    const finding = await runOne(check, context);
    await tell({ kind: 'finding', check: check.id, finding, elapsedMs: performance.now() - startMs });
  }
  await tell({ kind: 'end' });
  // Timers of the strategy would keep the process alive.
  process.exit(0);
}

async function runOne(check: Check, context: CheckContext): Promise<Finding> {
  try {
    return await check.run(context);
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { verdict: 'failed', counts: {}, defect: { message, ...(stack === undefined ? {} : { detail: stack }) } };
  }
}

process.once('message', (order) => {
  void runAll(order as Order);
});
