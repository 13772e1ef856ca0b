// A report as its reader looks at it: which parameter runs along an axis, which choices become panels of their own.

import type { Histogram, Metric, Parameters, ScenarioInfo, Subject } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import { parametersKey } from '../statistics/rows.ts';
import { isTime } from './units.ts';

/** Fewer values are no line: they become panels. */
const AXIS_VALUES_MIN = 3;

/** Rows that differ in their subject and, where there is an axis, in their place on it. */
export interface Facet {
  /** Everything that these rows share. */
  readonly parameters: Parameters;
  readonly rows: readonly Row[];
}

/** A metric of a scenario, laid out. */
export interface MetricView {
  readonly info: ScenarioInfo;
  readonly metric: Metric;
  /** The parameter along the horizontal axis, with the values that occur; null where none has enough. */
  readonly axis: { readonly id: string; readonly label: string; readonly values: readonly (number | string)[] } | null;
  /** The one that tells most comes first. */
  readonly facets: readonly Facet[];
}

/** A histogram of one subject, merged over the rounds. */
export interface SubjectHistogram {
  readonly subject: string;
  readonly histogram: Histogram;
}

function valuesOf(rows: readonly { readonly parameters: Parameters }[], id: string): (number | string)[] {
  return [...new Set(rows.map(({ parameters }) => parameters[id]!))].filter((value) => value !== undefined);
}

function inOrder(declared: readonly (number | string)[], found: readonly (number | string)[]): (number | string)[] {
  const rank = (value: number | string): number => {
    const index = declared.indexOf(value);
    return index < 0 ? declared.length : index;
  };
  return found.toSorted((left, right) => rank(left) - rank(right) || Number(left) - Number(right));
}

function axisOf(info: ScenarioInfo, rows: readonly Row[]): MetricView['axis'] {
  let best: MetricView['axis'] = null;
  for (const { id, label, values } of info.parameters) {
    const found = inOrder(values, valuesOf(rows, id));
    if (found.length < AXIS_VALUES_MIN || !found.every((value) => typeof value === 'number')) continue;
    if (best === null || found.length > best.values.length) best = { id, label, values: found };
  }
  return best;
}

/** Rank of a facet: most workers first, for that is where locks differ; then in the declared order. */
function rankOf(info: ScenarioInfo, parameters: Parameters): number {
  return info.parameters.reduce((rank, { values, id }) => {
    const index = values.indexOf(parameters[id]!);
    const place = typeof values[0] === 'number' ? values.length - 1 - index : index;
    return rank * (values.length + 1) + place;
  }, 0);
}

/** Parameters without one of them. */
export function withoutParameter(parameters: Parameters, id: string | undefined): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== id));
}

/** How many places on the axis a facet has; 1 without an axis. */
export function placesOf({ rows }: Facet, axis: MetricView['axis']): number {
  return axis === null ? 1 : valuesOf(rows, axis.id).length;
}

/** The rows of a metric of a scenario, laid out; null where there are none. */
export function metricView(report: Pick<Report, 'rows'>, info: ScenarioInfo, metric: Metric): MetricView | null {
  const rows = report.rows.filter((row) => row.scenario === info.id && row.metric === metric.id);
  if (rows.length === 0) return null;
  const axis = axisOf(info, rows);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = parametersKey(withoutParameter(row.parameters, axis?.id));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const facets = [...groups.values()].map((own) => ({
    parameters: withoutParameter(own[0]!.parameters, axis?.id),
    rows: own,
  }));
  facets.sort(
    (left, right) =>
      placesOf(right, axis) - placesOf(left, axis) || rankOf(info, left.parameters) - rankOf(info, right.parameters),
  );
  return { info, metric, axis, facets };
}

/**
 * The p99 of a scenario; null where it has none. One that counts from the intended start comes first: the other leaves out
 * what a stall kept from starting.
 */
export function tailMetric({ metrics }: Pick<ScenarioInfo, 'metrics'>): Metric | null {
  const tails = metrics.filter(({ id, unit, better }) => isTime(unit) && better === 'lower' && /p99(?!9)/i.test(id));
  return tails.find(({ label }) => label.includes('intended')) ?? tails[0] ?? null;
}

/** The metrics worth a plot: the main one, a tail latency and memory. All others are in the tables. */
export function plottedMetrics(info: ScenarioInfo): Metric[] {
  const [main, ...others] = info.metrics;
  const tail = tailMetric(info);
  const memory = others.find(({ unit, better }) => unit === 'bytes' && better === 'lower');
  return [
    main!,
    ...(tail === null || isTime(main!.unit) ? [] : [tail]),
    ...(memory === undefined || main!.unit === 'bytes' ? [] : [memory]),
  ];
}

/** Parameters in words, for instance "workers 4, hold long"; empty where there are none. */
export function parametersText(info: ScenarioInfo, parameters: Parameters): string {
  const known = info.parameters.filter(({ id }) => parameters[id] !== undefined);
  const unknown = Object.keys(parameters).filter((key) => !info.parameters.some(({ id }) => id === key));
  return [
    ...known.map(({ id, label }) => `${label} ${parameters[id]}`),
    ...unknown.map((id) => `${id} ${parameters[id]}`),
  ].join(', ');
}

/** The subject of an id; a report that lacks it is shown all the same. */
export function subjectOf(report: Pick<Report, 'subjects'>, id: string): Subject {
  return report.subjects.find((subject) => subject.id === id) ?? { id, kind: 'peer', title: id };
}

/** One histogram of all values. Their units are the same. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>();
  for (const { floors, counts: own } of histograms) {
    floors.forEach((floor, index) => counts.set(floor, (counts.get(floor) ?? 0) + own[index]!));
  }
  const floors = [...counts.keys()].toSorted((left, right) => left - right);
  return {
    unit: histograms[0]!.unit,
    floors,
    counts: floors.map((floor) => counts.get(floor)!),
    min: Math.min(...histograms.map(({ min }) => min)),
    max: Math.max(...histograms.map(({ max }) => max)),
  };
}

/** Histograms of a metric by choice of parameters, each merged over the rounds. */
export function histogramFacets(
  report: Pick<Report, 'cells'>,
  info: ScenarioInfo,
  metric: string,
): { readonly parameters: Parameters; readonly histograms: readonly SubjectHistogram[] }[] {
  const groups = new Map<string, { parameters: Parameters; bySubject: Map<string, Histogram[]> }>();
  for (const cell of report.cells) {
    const histogram = cell.scenario === info.id ? cell.histograms[metric] : undefined;
    if (histogram === undefined) continue;
    const key = parametersKey(cell.parameters);
    const group = groups.get(key) ?? { parameters: cell.parameters, bySubject: new Map() };
    groups.set(key, group);
    group.bySubject.set(cell.subject, [...(group.bySubject.get(cell.subject) ?? []), histogram]);
  }
  return [...groups.values()]
    .map(({ parameters, bySubject }) => ({
      parameters,
      histograms: [...bySubject].map(([subject, own]) => ({ subject, histogram: mergeHistograms(own) })),
    }))
    .toSorted((left, right) => rankOf(info, left.parameters) - rankOf(info, right.parameters));
}
