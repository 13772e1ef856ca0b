// The table of goals in Markdown and on the page.

import { GOAL_LEGEND, countText, intervalText, limitText, ratioText, verdictText } from '../goals/goal-words.ts';
import type { GoalResult } from '../model/goal.ts';
import type { Report } from '../model/report.ts';
import { escapeMarkdown, markdownTable } from './markdown.ts';
import type { Markup } from './markup.ts';
import { NOTHING, markup } from './markup.ts';

const HEADERS = ['goal', 'limit', 'subject', 'ratio', 'interval', 'against', 'verdict'];

function cellsOf(result: GoalResult): string[] {
  const { text, subject, against } = result;
  return [
    text,
    limitText(result),
    subject,
    ratioText(result),
    intervalText(result),
    against ?? '',
    verdictText(result),
  ];
}

/** Nothing where the run did not measure them. */
export function goalsMarkdown({ goals = [] }: Report): string[] {
  if (goals.length === 0) return [];
  const table = markdownTable(
    HEADERS,
    goals.map((result) => cellsOf(result).map(escapeMarkdown)),
    ':--',
  );
  return [
    `<details><summary>Goals: ${countText(goals)}</summary>\n\n${table}\n\n${escapeMarkdown(GOAL_LEGEND)}\n\n</details>`,
  ];
}

/** Nothing where the run did not measure them. */
export function goalsSection({ goals = [] }: Report): Markup {
  if (goals.length === 0) return NOTHING;
  const lines = goals.map(
    (result) =>
      markup`<tr>
        ${cellsOf(result).map((cell, column) => (column === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td>${cell}</td>`))}
      </tr>`,
  );
  return markup`<section id="goals">
    <h2>Goals: ${countText(goals)}</h2>
    <p class="small">${GOAL_LEGEND}</p>
    <div class="scroll" tabindex="0">
      <table class="plain" aria-label="Goals">
        <thead>
          <tr>
            ${HEADERS.map((header) => markup`<th scope="col">${header}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
  </section>`;
}
