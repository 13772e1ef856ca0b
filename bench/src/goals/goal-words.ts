// How a goal is put into words: the same in text, Markdown and HTML.

import type { GoalResult } from '../model/goal.ts';
import { figure } from '../table.ts';

export function limitText({ bound, limit }: GoalResult): string {
  return `${bound === 'atMost' ? 'at most' : 'at least'} ${limit}`;
}

/** The ratio with its interval; a dash where there is none. */
export function ratioText({ ratio }: GoalResult): string {
  return ratio === null ? '-' : figure(ratio.median);
}

export function intervalText({ ratio }: GoalResult): string {
  return ratio === null || ratio.count < 2 ? '' : `${figure(ratio.low)} to ${figure(ratio.high)}`;
}

/** Verdict, and why where there is none. */
export function verdictText({ verdict, why }: GoalResult): string {
  return why === null ? verdict : `${verdict}: ${why}`;
}

/** One line over all goals. */
export function countText(results: readonly GoalResult[]): string {
  const verdicts = ['met', 'missed', 'open', 'not measured'] as const;
  return verdicts
    .map((verdict) => `${results.filter((result) => result.verdict === verdict).length} ${verdict}`)
    .join(', ');
}

/** What the words of the table mean. */
export const GOAL_LEGEND =
  'Ratios are medians over rounds of the ratio within a round, with their interval; open: the limit lies inside of it, or the rounds were fewer than six.';
