// Who leads where, as rows of text: one line for each subject, one column for each choice of parameters. A single
// column is no table: the plot shows it.

import type { Metric, Parameter, Parameters, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import { parametersKey } from '../statistics/rows.ts';
import { couldProve, leadIsProved, placings } from './leaders.ts';
import type { Place, Placing } from './leaders.ts';
import { changeText } from './units.ts';
import { subjectOf, withoutParameter } from './view.ts';

export interface LeaderCell {
  readonly text: string;
  readonly place: Place | null;
}

export interface LeadersTable {
  readonly title: string;
  /** What all columns share, in words; empty where they share nothing. */
  readonly columnLabel: string;
  readonly columns: readonly string[];
  readonly lines: readonly {
    readonly subject: string;
    readonly isPeer: boolean;
    readonly cells: readonly LeaderCell[];
  }[];
  /** False when there are too few rounds to prove anything. */
  readonly canDecide: boolean;
}

/** More columns do not fit on a page. */
const COLUMNS_MAX = 8;

function cellOf(placing: Placing | undefined, isProved: boolean): LeaderCell {
  if (placing === undefined) return { text: '', place: null };
  const { place, ratio } = placing;
  if (place === 'best') return isProved ? { text: 'best', place } : { text: '~ best', place: 'tied' };
  if (ratio === null) return { text: place === 'tied' ? '~' : place, place };
  const change =
    ratio >= 10 ? `×${ratio.toFixed(0)}` : ratio >= 2 ? `×${ratio.toFixed(1)}` : changeText(ratio).replace(' ', '');
  return { text: place === 'tied' ? `~ ${change}` : change, place };
}

/** Splits parameter choices into tables of few columns; the columns of one differ in one parameter. */
function columnGroups(
  info: ScenarioInfo,
  choices: readonly Parameters[],
): { readonly by: string | undefined; readonly choices: Parameters[] }[] {
  const varying = info.parameters.filter(({ id }) => new Set(choices.map((own) => own[id])).size > 1);
  // The parameter with most values that fit becomes the columns.
  const by = varying
    .toSorted((left, right) => right.values.length - left.values.length)
    .find(({ values }) => values.length <= COLUMNS_MAX);
  const groups = new Map<string, Parameters[]>();
  for (const own of choices) {
    const key = by === undefined ? '' : parametersKey(withoutParameter(own, by.id));
    groups.set(key, [...(groups.get(key) ?? []), own]);
  }
  return [...groups.values()].flatMap((own) => {
    const parts: Parameters[][] = [];
    for (let start = 0; start < own.length; start += COLUMNS_MAX) parts.push(own.slice(start, start + COLUMNS_MAX));
    return parts.map((part) => ({ by: by?.id, choices: part }));
  });
}

function orderOf(info: ScenarioInfo, parameters: Parameters): number {
  return info.parameters.reduce(
    (order, { id, values }) => order * (values.length + 1) + values.indexOf(parameters[id]!),
    0,
  );
}

/** Tables of who leads in a metric; none where it has no better side. */
export function leadersTables(report: Report, info: ScenarioInfo, metric: Metric): LeadersTable[] {
  const rows = report.rows.filter((row) => row.scenario === info.id && row.metric === metric.id);
  const byKey = new Map(rows.map(({ parameters }) => [parametersKey(parameters), parameters]));
  const choices = [...byKey.values()].toSorted((left, right) => orderOf(info, left) - orderOf(info, right));
  return columnGroups(info, choices).flatMap(({ by, choices: own }): LeadersTable[] => {
    const columns = own.map((parameters) => {
      const key = parametersKey(parameters);
      return placings(
        report,
        metric,
        rows.filter((row) => parametersKey(row.parameters) === key),
      );
    });
    const placed = columns.flat();
    if (placed.length === 0 || own.length < 2) return [];
    const varies = ({ id }: Parameter): boolean =>
      by === undefined ? new Set(own.map((one) => one[id])).size > 1 : id === by;
    const shared = info.parameters.filter((parameter) => !varies(parameter) && own[0]![parameter.id] !== undefined);
    const text = (parameters: Parameters): string =>
      info.parameters
        .filter(({ id }) => !shared.some((one) => one.id === id) && parameters[id] !== undefined)
        .map(({ id }) => String(parameters[id]))
        .join(', ');
    const title = shared.map(({ id, label }) => `${label} ${own[0]![id]}`).join(', ');
    const subjects = report.subjects.filter(({ id }) => placed.some(({ row }) => row.subject === id));
    return [
      {
        title,
        columnLabel: info.parameters
          .filter((one) => !shared.includes(one))
          .map(({ label }) => label)
          .join(', '),
        columns: own.map(text),
        lines: subjects.map(({ id }) => ({
          subject: id,
          isPeer: subjectOf(report, id).kind !== 'strategy',
          cells: columns.map((column) =>
            cellOf(
              column.find(({ row }) => row.subject === id),
              leadIsProved(column),
            ),
          ),
        })),
        canDecide: columns.some(couldProve),
      },
    ];
  });
}
