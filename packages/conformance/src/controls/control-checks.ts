// Runs the checks on the strategy with bugs planted: each must be noticed.

import type { Check, CheckContext, Finding } from '../check.ts';
import { garbageChecks } from '../model/garbage-checks.ts';
import { lockChecks } from '../model/lock-checks.ts';
import { objectChecks } from '../model/object-checks.ts';
import { stallChecks } from '../model/stall-checks.ts';
import { lingering } from '../torture/small-checks.ts';
import { waitingChecks } from '../unit/waiting-checks.ts';
import { SABOTAGES, sabotaged } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';

/** Findings of the explorer come at once, or hardly ever: what this allows is not used up. */
const SHARE_MS_MIN = 4000;
/** One run of torture notices always, as far as its agents have started. */
const ATTEMPTS = 4;

const known = new Map(
  [...lockChecks, ...objectChecks, ...garbageChecks, ...stallChecks, ...waitingChecks].map((check) => [
    check.id,
    check,
  ]),
);

/** True when one of the checks notices. */
async function isNoticed(sabotage: Sabotage, context: CheckContext, budgetMs: number): Promise<boolean> {
  const strategy = sabotaged(context.subject.strategy, sabotage);
  for (const id of sabotage.noticedBy) {
    const check = known.get(id)!;
    if (check.fits !== undefined && !check.fits(strategy.capabilities)) continue;
    const { defect } = await check.run({ ...context, budgetMs, subject: { ...context.subject, strategy } });
    if (defect !== undefined) return true;
  }
  return false;
}

const explored: Check = {
  id: 'negative-controls',
  title: 'bugs planted in the strategy, under the explorer',
  kind: 'explorer',
  rows: [21],
  weight: 2,
  async run(context): Promise<Finding> {
    const { capabilities } = context.subject.strategy;
    const fitting = SABOTAGES.filter(({ fits }) => fits?.(capabilities) ?? true);
    const budgetMs = Math.max(SHARE_MS_MIN, context.budgetMs / fitting.length);
    const missed: string[] = [];
    let planted = 0;
    for (const sabotage of fitting) {
      const noticed = await isNoticed(sabotage, context, budgetMs);
      if (!noticed && sabotage.tookEffect?.() === false) continue;
      planted++;
      if (!noticed) missed.push(sabotage.what);
    }
    const counts = { 'planted bugs': planted, 'noticed bugs': planted - missed.length };
    if (missed.length === 0) return { verdict: 'noticed', counts };
    const message = `the kit does not notice a strategy ${missed.join(', or one ')}: passing says little about this strategy`;
    return { verdict: 'failed', counts, defect: { message } };
  },
};

const tortured: Check = {
  id: 'negative-control-torture',
  title: 'structure locks that do nothing, on real threads',
  kind: 'torture',
  rows: [21],
  weight: 1,
  async run(context): Promise<Finding> {
    const subject = { ...context.subject, sabotage: 'no-class-lock' };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const budgetMs = context.budgetMs * attempt;
      const { defect } = await lingering.run({ ...context, subject, budgetMs, seed: context.seed + attempt });
      if (defect !== undefined) return { verdict: 'noticed', counts: { 'planted bugs': 1, 'noticed bugs': 1 } };
    }
    const message = `torture does not notice locks that do nothing: agents of this machine hardly run at the same time`;
    return { verdict: 'failed', counts: { 'planted bugs': 1, 'noticed bugs': 0 }, defect: { message } };
  },
};

/** See the head of the file. */
export const controlChecks: readonly Check[] = [explored, tortured];
