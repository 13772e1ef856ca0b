// The report as Markdown: short enough for the text of a pull request, with the numbers folded away.

import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Answer } from '../model/scenario.ts';
import { CANDIDATES } from './candidates.ts';
import { recommend } from './decide.ts';
import { goalsMarkdown } from './goals-markup.ts';
import { leadersTables } from './leaders-table.ts';
import type { LeadersTable } from './leaders-table.ts';
import { environmentFacts, methodSentences, reproduceCommand } from './method.ts';
import { PROFILES } from './profiles.ts';
import { questionParts } from './questions.ts';
import type { QuestionPart } from './questions.ts';
import { gapsOf, verdictText } from './recommend-text.ts';
import { UnitScale, changeText } from './units.ts';
import { parametersText, plottedMetrics } from './view.ts';
import { warningsOf } from './warnings.ts';

/** Text for a cell or a line: what has a meaning in Markdown or HTML is escaped. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}

/**
 * A table, padded as the formatter pads it; the first column is aligned left, the others as asked. Cells are Markdown
 * already.
 */
export function markdownTable(
  headers: readonly string[],
  lines: readonly (readonly string[])[],
  align: ':--' | '--:' = '--:',
): string {
  const isRight = (column: number): boolean => column > 0 && align === '--:';
  const widths = headers.map((_, column) => Math.max(3, ...[headers, ...lines].map((line) => line[column]!.length)));
  const pad = (text: string, column: number): string =>
    isRight(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  const rule = widths.map((width, column) =>
    isRight(column) ? `${'-'.repeat(width - 1)}:` : `:${'-'.repeat(width - 1)}`,
  );
  return [headers.map(pad), rule, ...lines.map((line) => line.map(pad))]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
}

function folded(summary: string, ...content: readonly string[]): string {
  return `<details><summary>${summary}</summary>\n\n${content.join('\n\n')}\n\n</details>`;
}

/** Which lock for whom: the table that the page begins with. */
export function profilesTable(report: Report): string {
  const lines = PROFILES.map(({ title, needs }) => {
    const found = recommend(report, needs(report.environment.cores), CANDIDATES);
    return [
      title,
      found.choice === null ? 'none' : `\`${found.choice}\``,
      [verdictText(found), ...gapsOf(found)].join(' '),
    ];
  });
  return markdownTable(['you have', 'take', 'how sure'], lines, ':--');
}

/** One answer, as an item of a list. */
export function answerText({ headline, text, verdict, caveats }: Answer): string {
  const limits = caveats.length === 0 ? '' : ` <sub>${caveats.map(escapeMarkdown).join('; ')}</sub>`;
  const short = headline === undefined ? '' : `${escapeMarkdown(headline)} — `;
  return `- **${verdict}**: ${short}${escapeMarkdown(text)}${limits}`;
}

function questionText({ id, title, answers }: QuestionPart): string {
  const lines = answers.length === 0 ? ['- no answer in this report'] : answers.map(answerText);
  return [`**${id ?? 'Beside'}. ${title}**`, '', ...lines].join('\n');
}

/** Who leads, under a line that says in what. */
export function leadersMarkdown({ title, columnLabel, columns, lines }: LeadersTable, metric: Metric): string {
  const caption = [metric.label, title, `by ${columnLabel}`].filter((part) => part !== '').join(', ');
  const rows = lines.map(({ subject, cells }) => [
    subject,
    ...cells.map(({ text, place }) => (place === 'best' ? `**${text}**` : text)),
  ]);
  return `${escapeMarkdown(caption)}:\n\n${markdownTable(['', ...columns.map(escapeMarkdown)], rows)}`;
}

function leadersText(report: Report, info: ScenarioInfo): string[] {
  return plottedMetrics(info).flatMap((metric) =>
    leadersTables(report, info, metric).map((table) => leadersMarkdown(table, metric)),
  );
}

function numbersText({ rows }: Report, info: ScenarioInfo): string {
  const tables = plottedMetrics(info).map((metric) => {
    const own = rows.filter((row) => row.scenario === info.id && row.metric === metric.id);
    if (own.length === 0) return '';
    const unit = UnitScale.of(
      metric.unit,
      own.map(({ value }) => value.median),
    );
    const lines = own.map(({ subject, parameters, value, comparison }) => [
      subject,
      escapeMarkdown(parametersText(info, parameters)),
      unit.figure(value.median),
      value.count > 1 ? `${unit.figure(value.low)}–${unit.figure(value.high)}` : '',
      comparison === null ? '' : `${comparison.significant ? '' : '~ '}${changeText(comparison.ratio.median)}`,
    ]);
    const against = info.baseline === null ? '' : `against ${info.baseline}`;
    return markdownTable([escapeMarkdown(unit.label(metric.label)), '', 'median', 'interval', against], lines);
  });
  return tables.filter((table) => table !== '').join('\n\n');
}

function scenarioText(report: Report, info: ScenarioInfo): string {
  const limits = info.limits.length === 0 ? [] : [`Not shown: ${info.limits.map(escapeMarkdown).join('; ')}.`];
  return folded(
    `${info.question ?? 'Beside'}: ${escapeMarkdown(info.title)}`,
    escapeMarkdown(info.description),
    ...leadersText(report, info),
    ...limits,
    folded('Numbers', numbersText(report, info)),
  );
}

/** The report as Markdown. Blocks: no. */
export function renderMarkdown(report: Report): string {
  const { cpu, cores, node, date, commit } = report.environment;
  const warnings = warningsOf(report).map(
    ({ text, isGrave }) => `> ${isGrave ? '**FAILED**: ' : ''}${escapeMarkdown(text)}`,
  );
  const facts = environmentFacts(report).map(([name, value]) => `- ${name}: ${escapeMarkdown(value)}`);
  const parts = [
    '## Lock strategies compared',
    `${escapeMarkdown(cpu)}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}, commit ${commit ?? 'unknown'}.`,
    ...(warnings.length === 0 ? [] : [warnings.join('\n>\n')]),
    profilesTable(report),
    ...questionParts(report).map(questionText),
    ...goalsMarkdown(report),
    ...report.scenarios.map((info) => scenarioText(report, info)),
    folded(
      'Method',
      methodSentences(report)
        .map((sentence) => `- ${escapeMarkdown(sentence)}`)
        .join('\n'),
    ),
    folded('Environment', facts.join('\n')),
    `Again: \`${reproduceCommand(report)}\``,
  ];
  return `${parts.join('\n\n')}\n`;
}
