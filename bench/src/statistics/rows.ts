// Turns the cells of a run into rows: one for each subject, choice of parameters and metric.

import type { Cell, Metric, Parameters, ScenarioInfo } from '../model/measurement.ts';
import type { Comparison, Row } from '../model/row.ts';
import { CONFIDENCE, estimateMedian, estimateRatio } from './bootstrap.ts';
import { benjaminiHochberg, cliffsDelta, mannWhitney } from './mann-whitney.ts';

/** Below this, after correction, a difference counts. */
export const P_MAX = 0.05;

/** The same text for the same parameters, whatever the order of their keys. */
export function parametersKey(parameters: Parameters): string {
  return JSON.stringify(Object.entries(parameters).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Values by round; rounds that lack the metric are not in it. */
type Series = ReadonlyMap<number, number>;

interface Draft {
  readonly row: Omit<Row, 'comparison'>;
  readonly series: Series;
  comparison: Omit<Comparison, 'significant'> | null;
}

function seriesOf(cells: readonly Cell[], metric: string): Series {
  const entries = cells
    .map(({ round, metrics }) => [round, metrics[metric]] as const)
    .filter((entry): entry is readonly [number, number] => entry[1] !== undefined && entry[1] !== null)
    .toSorted(([left], [right]) => left - right);
  const series = new Map(entries);
  // Two cells of one round would leave one of them out.
  if (series.size < entries.length) throw new Error(`the metric ${metric} was measured twice in one round of a cell.`);
  return series;
}

/** Compares rounds of a row with rounds of the baseline; null where a ratio has no meaning. */
export function compareSeries(own: Series, base: Series): Omit<Comparison, 'significant'> | null {
  const common = [...own.keys()].filter((round) => base.has(round));
  if (common.length === 0) return null;
  const ratio = estimateRatio(
    common.map((round) => own.get(round)!),
    common.map((round) => base.get(round)!),
  );
  if (ratio === null) return null;
  const [values, others] = [[...own.values()], [...base.values()]];
  return { ratio, p: mannWhitney(values, others), delta: cliffsDelta(values, others) };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function draftsOf(cells: readonly Cell[], metrics: readonly Metric[]): Draft[] {
  const { scenario, subject, parameters } = cells[0]!;
  return metrics.flatMap((metric): Draft[] => {
    const series = seriesOf(cells, metric.id);
    const rounds = [...series.values()];
    if (rounds.length === 0) return [];
    const row = { scenario, subject, parameters, metric: metric.id, value: estimateMedian(rounds), rounds };
    return [{ row, series, comparison: null }];
  });
}

function rankOf(order: readonly string[], subject: string): number {
  const rank = order.indexOf(subject);
  return rank < 0 ? order.length : rank;
}

/** Rows of one scenario, in the order of `subjects`; comparisons are corrected for their number in the scenario. */
export function summarizeScenario(info: ScenarioInfo, cells: readonly Cell[], subjects: readonly string[]): Row[] {
  const own = cells.filter(({ scenario }) => scenario === info.id);
  const groups = groupBy(own, ({ subject, parameters }) => `${subject} ${parametersKey(parameters)}`);
  const drafts = [...groups.values()]
    .flatMap((group) => draftsOf(group, info.metrics))
    .toSorted((left, right) => rankOf(subjects, left.row.subject) - rankOf(subjects, right.row.subject));
  const keyOf = ({ row }: Draft): string => `${row.metric} ${parametersKey(row.parameters)}`;
  const baselines = new Map(
    drafts.filter(({ row }) => row.subject === info.baseline).map((draft) => [keyOf(draft), draft.series]),
  );
  const directed = new Set(info.metrics.filter(({ better }) => better !== 'neither').map(({ id }) => id));
  for (const draft of drafts) {
    const base = baselines.get(keyOf(draft));
    if (base === undefined || draft.row.subject === info.baseline || !directed.has(draft.row.metric)) continue;
    draft.comparison = compareSeries(draft.series, base);
  }
  const compared = drafts.filter(({ comparison }) => comparison !== null);
  const corrected = benjaminiHochberg(compared.map(({ comparison }) => comparison!.p));
  const significant = new Set(
    // Too few rounds for an interval are too few for a verdict.
    compared.filter(({ comparison }, index) => corrected[index]! < P_MAX && comparison!.ratio.confidence >= CONFIDENCE),
  );
  return drafts.map((draft) => ({
    ...draft.row,
    comparison: draft.comparison === null ? null : { ...draft.comparison, significant: significant.has(draft) },
  }));
}
