// One scenario of a report as text: its main metric for every choice of parameters, and the other metrics for the last.

import type { Metric, Parameters, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import { parametersKey } from '../statistics/rows.ts';
import { WIDTH_MAX, figure, formatTable, heading, paragraph } from '../table.ts';

/** Between columns. */
const GAP = 2;

/** Choices of parameters that occur, in the order of the description. */
export function combinationsOf(info: ScenarioInfo, rows: readonly Row[]): Parameters[] {
  const seen = new Map(rows.map(({ parameters }) => [parametersKey(parameters), parameters]));
  const rank = (parameters: Parameters): number[] =>
    info.parameters.map(({ id, values }) => values.indexOf(parameters[id]!));
  return [...seen.values()].toSorted((left, right) => {
    const [a, b] = [rank(left), rank(right)];
    const at = a.findIndex((value, index) => value !== b[index]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  });
}

function ratioText({ comparison }: Row): string {
  if (comparison === null) return '';
  return ` x${figure(comparison.ratio.median)}${comparison.significant ? ' ' : '~'}`;
}

function valueText(row: Row | undefined): string {
  return row === undefined ? '-' : `${figure(row.value.median)}${ratioText(row)}`;
}

interface Column {
  readonly header: string;
  readonly cell: (subject: string) => string;
}

/** Tables of as many columns as fit beside each other. */
function formatColumns(corner: string, subjects: readonly string[], columns: readonly Column[]): string {
  const names = [corner, ...subjects];
  const texts = columns.map(({ header, cell }) => [header, ...subjects.map(cell)]);
  const widthOf = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));
  const tables: string[] = [];
  for (let at = 0; at < texts.length;) {
    const some = [names];
    for (let width = widthOf(names); at < texts.length; at++) {
      width += GAP + widthOf(texts[at]!);
      if (width > WIDTH_MAX && some.length > 1) break;
      some.push(texts[at]!);
    }
    const lines = names.map((_, line) => some.map((column) => column[line]!));
    tables.push(formatTable(lines[0]!, lines.slice(1), GAP));
  }
  return tables.join('\n\n');
}

/** Values only, for a header: the names are in the line above the table. */
function shortName(info: ScenarioInfo, parameters: Parameters): string {
  return info.parameters.map(({ id }) => String(parameters[id] ?? '-')).join('/');
}

function unitOf({ label, unit }: Metric): string {
  return unit === '' || unit === 'count' ? label : `${label}, ${unit}`;
}

function formatMain(info: ScenarioInfo, rows: readonly Row[], subjects: readonly string[]): string {
  const [main] = info.metrics as [Metric];
  const own = rows.filter(({ metric }) => metric === main.id);
  const find = (subject: string, key: string): Row | undefined =>
    own.find((row) => row.subject === subject && parametersKey(row.parameters) === key);
  const columns = combinationsOf(info, own).map((parameters): Column => {
    const key = parametersKey(parameters);
    const name = shortName(info, parameters);
    return { header: name === '' ? main.unit : name, cell: (subject) => valueText(find(subject, key)) };
  });
  const labels = info.parameters.map(({ label }) => label).join(' / ');
  return [
    paragraph(`${unitOf(main)}${labels === '' ? '' : `, by ${labels}`}:`),
    formatColumns('', subjects, columns),
  ].join('\n');
}

function formatRest(info: ScenarioInfo, rows: readonly Row[], subjects: readonly string[]): string {
  const combinations = combinationsOf(info, rows);
  const last = combinations.at(-1)!;
  const own = rows.filter(({ parameters }) => parametersKey(parameters) === parametersKey(last));
  const metrics = info.metrics.slice(1).filter(({ id }) => own.some(({ metric }) => metric === id));
  if (metrics.length === 0) return '';
  const columns = metrics.map(({ id }): Column => {
    const find = (subject: string): Row | undefined => own.find((row) => row.subject === subject && row.metric === id);
    return { header: id, cell: (subject) => valueText(find(subject)) };
  });
  const where = info.parameters.map(({ id, label }) => `${label} ${last[id]}`).join(', ');
  const key = metrics.map((metric) => `${metric.id}: ${unitOf(metric)}`).join('; ');
  return [
    `\n${paragraph(`Other metrics${where === '' ? '' : ` (${where})`}:`)}`,
    formatColumns('', subjects, columns),
    paragraph(`${key}.`),
  ].join('\n');
}

/** Empty when the scenario measured nothing. */
export function formatScenario(report: Report, info: ScenarioInfo): string {
  const rows = report.rows.filter(({ scenario }) => scenario === info.id);
  if (rows.length === 0) return '';
  const subjects = report.subjects.map(({ id }) => id).filter((id) => rows.some(({ subject }) => subject === id));
  const title = info.question === null ? info.title : `${info.question}: ${info.title}`;
  return [
    heading(title),
    paragraph(info.description),
    '',
    formatMain(info, rows, subjects),
    formatRest(info, rows, subjects),
    ...(info.limits.length === 0 ? [] : [paragraph(`Not shown: ${info.limits.join('; ')}.`)]),
  ]
    .filter((part, index) => part !== '' || index === 2)
    .join('\n');
}
