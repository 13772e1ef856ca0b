// A difference of two reports as text: for a terminal, and as Markdown for a pull request.

import { formatTable, paragraph } from '../table.ts';
import type { Change, Difference, DifferenceOptions } from './difference.ts';
import { UnitScale, changeText, figure, pText } from './units.ts';
import { parametersText } from './view.ts';

interface Group {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly (readonly string[])[];
}

const MARKS: Readonly<Record<Change['verdict'], string>> = { better: 'better', worse: 'WORSE', unproved: '~' };

/** Changes in groups with the same scenario, metric and parameters. */
function groupsOf(changes: readonly Change[], relative: boolean): Group[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const { info, metric, parameters } = change;
    const where = parametersText(info, parameters);
    const key = `${info.id}: ${metric.label}${where === '' ? '' : `, ${where}`}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups].map(([title, own]) => {
    const scale = UnitScale.of(
      own[0]!.metric.unit,
      own.map(({ before }) => before),
    );
    const text = (value: number): string => (relative ? figure(value) : scale.figure(value));
    return {
      title,
      unit: relative ? `x ${own[0]!.info.baseline}` : scale.unit,
      lines: own.map(({ subject, before, after, ratio, p, delta, verdict }) => [
        subject,
        text(before),
        text(after),
        changeText(ratio),
        pText(p),
        delta.toFixed(2),
        MARKS[verdict],
      ]),
    };
  });
}

const HEADERS = ['before', 'after', 'change', 'p', 'delta', ''];

/** One or two sentences. */
export function summaryText({ changes, regressions }: Difference, { threshold }: DifferenceOptions): string {
  const count = (verdict: Change['verdict']): number => changes.filter((change) => change.verdict === verdict).length;
  const verdict =
    regressions.length === 0
      ? 'No proved regression.'
      : `${regressions.length} proved regression${regressions.length === 1 ? '' : 's'} of more than ${Number((threshold * 100).toFixed(2))} %.`;
  return `${verdict} ${changes.length} figures compared: ${count('better')} better, ${count('worse')} worse, ${count('unproved')} not proved to differ.`;
}

/** What is worth showing: all, or what is proved. */
function shownOf({ changes }: Difference, showAll: boolean): Change[] {
  return changes.filter(({ verdict }) => showAll || verdict !== 'unproved');
}

function missingTexts({ onlyBefore, onlyAfter }: Difference): string[] {
  const text = (what: string, keys: readonly string[]): string[] =>
    keys.length === 0 ? [] : [`${keys.length} figures are only in the ${what} report, the first: ${keys[0]}`];
  return [...text('old', onlyBefore), ...text('new', onlyAfter)];
}

export function differenceText(found: Difference, options: DifferenceOptions, showAll: boolean): string {
  const groups = groupsOf(shownOf(found, showAll), options.relative);
  return [
    ...[...found.warnings, ...missingTexts(found)].map((warning) => paragraph(`warning: ${warning}`)),
    ...groups.map(({ title, unit, lines }) => `\n${paragraph(title)}\n${formatTable([unit, ...HEADERS], lines, 1)}`),
    '',
    paragraph(summaryText(found, options)),
    '',
  ].join('\n');
}

export function differenceMarkdown(found: Difference, options: DifferenceOptions, showAll: boolean): string {
  const groups = groupsOf(shownOf(found, showAll), options.relative);
  const tables = groups.map(({ title, unit, lines }) =>
    [
      `**${title}**`,
      '',
      `| ${[unit, ...HEADERS].join(' | ')} |`,
      '| :-- | --: | --: | --: | --: | --: | :-- |',
      ...lines.map((line) => `| ${line.join(' | ')} |`),
      '',
    ].join('\n'),
  );
  const warnings = [...found.warnings, ...missingTexts(found)].map((warning) => `- warning: ${warning}`);
  return [
    summaryText(found, options),
    '',
    ...warnings,
    ...(warnings.length === 0 ? [] : ['']),
    ...(tables.length === 0 ? [] : ['<details><summary>What changed</summary>', '', ...tables, '</details>', '']),
  ].join('\n');
}
