// The table of goals as text: a line for each goal, and under it the subjects.

import { GOAL_LEGEND, countText, intervalText, limitText, ratioText, verdictText } from '../goals/goal-words.ts';
import type { GoalResult } from '../model/goal.ts';
import type { Report } from '../model/report.ts';
import { heading, paragraph } from '../table.ts';

const SUBJECT_WIDTH = 26;
const RATIO_WIDTH = 8;
const INTERVAL_WIDTH = 18;

function line(result: GoalResult): string {
  const cells = [
    `  ${result.subject}`.padEnd(SUBJECT_WIDTH),
    ratioText(result).padStart(RATIO_WIDTH),
    intervalText(result).padStart(INTERVAL_WIDTH),
    `  ${result.verdict}${result.against === null ? '' : ` (${result.against})`}`,
  ];
  return cells.join('');
}

function goalText(results: readonly GoalResult[]): string {
  const first = results[0]!;
  const name = `${first.text}, ${limitText(first)}`;
  if (results.every(({ why }) => why !== null)) return paragraph(`${name}: ${verdictText(first)}`);
  return [paragraph(name), ...results.map(line)].join('\n');
}

/** Empty where the run did not measure them. */
export function formatGoals({ goals = [] }: Report): string {
  if (goals.length === 0) return '';
  const ids = [...new Set(goals.map(({ goal }) => goal))];
  return [
    heading(`Goals: ${countText(goals)}`),
    ...ids.map((id) => goalText(goals.filter(({ goal }) => goal === id))),
    paragraph(GOAL_LEGEND),
  ].join('\n');
}
