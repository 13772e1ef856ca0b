// What changed from one report to another.
//
// RULES
//   1. Rows are matched by scenario, subject, parameters and metric. What only one report has is named, never guessed.
//   2. A change is proved if Mann-Whitney on the rounds says so after Benjamini and Hochberg's correction: of the changes
//      called proved, at most 5 % are expected to be chance, however many figures are compared.
//   3. A metric that is exact needs no test: what differs, differs.
//   4. A regression is a proved change for the worse by more than the threshold.
//   5. Relative: each round's figure is divided by the baseline's of the same round first, so that a faster machine is no
//      improvement and a busy one no regression.

import { othersShareOf } from '../environment.ts';
import type { Metric, Parameters, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import { P_MAX, parametersKey } from '../statistics/rows.ts';
import { median } from '../statistics.ts';
import { benjaminiHochberg, cliffsDelta, mannWhitney } from '../statistics/mann-whitney.ts';
import { leastP } from './leaders.ts';
import { parametersText } from './view.ts';

export interface Change {
  readonly info: ScenarioInfo;
  readonly metric: Metric;
  readonly subject: string;
  readonly parameters: Parameters;
  readonly before: number;
  readonly after: number;
  /** After over before. */
  readonly ratio: number;
  /** How much worse, as a share of before: 0.1 is 10 % slower or larger; negative is better. */
  readonly worse: number;
  /** Corrected. */
  readonly p: number;
  /** Cliff's delta, after against before. */
  readonly delta: number;
  readonly verdict: 'better' | 'worse' | 'unproved';
}

export interface Difference {
  readonly changes: readonly Change[];
  /** Proved changes for the worse, beyond the threshold. */
  readonly regressions: readonly Change[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  readonly warnings: readonly string[];
}

export interface DifferenceOptions {
  /** Changes for the worse up to this share of the old figure are no regressions. */
  readonly threshold: number;
  /** All metrics with a better side; otherwise the main one of each scenario. */
  readonly allMetrics: boolean;
  readonly relative: boolean;
}

const keyOf = ({ scenario, subject, metric, parameters }: Row): string =>
  `${scenario} ${metric} ${subject} ${parametersKey(parameters)}`;

function metricsOf(info: ScenarioInfo, { allMetrics }: DifferenceOptions): readonly Metric[] {
  const directed = info.metrics.filter(({ better }) => better !== 'neither');
  return allMetrics ? directed : directed.slice(0, 1);
}

/** A row with the rounds to compare: its own, or their ratios to the baseline's. */
interface Series {
  readonly row: Row;
  readonly rounds: readonly number[];
}

/** Rounds of the rows to compare, by key. */
function seriesOf(report: Report, options: DifferenceOptions): Map<string, Series> {
  const byKey = new Map(report.rows.map((row) => [keyOf(row), row]));
  const wanted = report.scenarios.flatMap((info) => metricsOf(info, options).map(({ id }) => ({ info, id })));
  const rows = wanted.flatMap(({ info, id }) =>
    report.rows
      .filter((row) => row.scenario === info.id && row.metric === id)
      .map((row) => ({ row, baseline: info.baseline })),
  );
  return new Map(
    rows.flatMap(({ row, baseline }) => {
      if (!options.relative) return [[keyOf(row), { row, rounds: row.rounds }] as const];
      if (baseline === null || row.subject === baseline) return [];
      const base = byKey.get(keyOf({ ...row, subject: baseline }));
      // Rounds pair up only when neither lost one.
      if (base === undefined || base.rounds.length !== row.rounds.length) return [];
      const rounds = row.rounds.map((value, round) => value / base.rounds[round]!);
      return rounds.every(Number.isFinite) ? [[keyOf(row), { row, rounds }] as const] : [];
    }),
  );
}

function environmentWarnings(before: Report, after: Report): string[] {
  const [left, right] = [before.environment, after.environment];
  const fields = ['cpu', 'cores', 'os', 'virtualization', 'governor', 'node', 'v8'] as const;
  const differing = fields.filter((field) => left[field] !== right[field]);
  const busy = [left, right].map((environment) => Math.round(othersShareOf(environment) * 100));
  return [
    ...differing.map((field) => `${field} differs: ${String(left[field])} before, ${String(right[field])} after`),
    ...(left.flags.join(' ') === right.flags.join(' ')
      ? []
      : [`flags differ: "${left.flags.join(' ')}" before, "${right.flags.join(' ')}" after`]),
    ...(Math.abs(busy[0]! - busy[1]!) > 10
      ? [`others used ${busy[0]} % of the machine in the one run and ${busy[1]} % in the other`]
      : []),
    ...(before.options['seconds'] === after.options['seconds']
      ? []
      : [
          `seconds of a cell differ: ${String(before.options['seconds'])} before, ${String(after.options['seconds'])} after`,
        ]),
  ];
}

interface Pair {
  readonly row: Row;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const leastPOf = ({ before, after }: Pair): number => leastP(before.length, after.length);

function resolutionWarnings(pairs: readonly Pair[], testable: readonly Pair[]): string[] {
  const tooFew = pairs.length - testable.length;
  const warnings =
    tooFew === 0 ? [] : [`${tooFew} figures have too few rounds to prove any change; they are not tested`];
  if (testable.length === 0) return warnings;
  const least = Math.max(...testable.map(leastPOf));
  if (least * testable.length < P_MAX) return warnings;
  return [
    ...warnings,
    `so few rounds give p of at least ${least.toPrecision(2)}: among ${testable.length} comparisons a change of a single figure ` +
      'cannot be proved, only one of many figures at once; measure more rounds or fewer scenarios',
  ];
}

/** Corrected p values of those pairs that can be tested; 1 for the others, which do not count in the correction. */
function correctedPs(pairs: readonly Pair[], testable: readonly Pair[]): Map<Pair, number> {
  const corrected = benjaminiHochberg(testable.map(({ before, after }) => mannWhitney(before, after)));
  return new Map(pairs.map((pair) => [pair, corrected[testable.indexOf(pair)] ?? 1]));
}

/** Names of the figures that only the first has. */
function namesOf(report: Report, own: ReadonlyMap<string, Series>, other: ReadonlyMap<string, Series>): string[] {
  return [...own].flatMap(([key, { row }]) => {
    if (other.has(key)) return [];
    const info = infoOf(report, row);
    const where = parametersText(info, row.parameters);
    return [`${row.scenario}, ${row.metric} of ${row.subject}${where === '' ? '' : `, ${where}`}`];
  });
}

const infoOf = ({ scenarios }: Report, row: Row): ScenarioInfo => scenarios.find(({ id }) => id === row.scenario)!;

const metricOf = (report: Report, row: Row): Metric => infoOf(report, row).metrics.find(({ id }) => id === row.metric)!;

/** Compares the reports. Empty changes: they have nothing in common. */
export function difference(before: Report, after: Report, options: DifferenceOptions): Difference {
  const [old, young] = [seriesOf(before, options), seriesOf(after, options)];
  const shared = [...young.keys()].filter((key) => old.has(key));
  const pairs = shared.map((key): Pair => {
    const { row, rounds } = young.get(key)!;
    return { row, before: old.get(key)!.rounds, after: rounds };
  });
  const tested = pairs.filter(({ row }) => metricOf(after, row).exact !== true);
  const testable = tested.filter((pair) => leastPOf(pair) < P_MAX);
  const corrected = correctedPs(pairs, testable);
  const changes = pairs.map((pair): Change => {
    const { row, before: olds, after: news } = pair;
    const info = infoOf(after, row);
    const metric = metricOf(after, row);
    const [was, is] = [median(olds), median(news)];
    const p = metric.exact === true ? Number(was === is) : corrected.get(pair)!;
    const worse = metric.better === 'higher' ? was / is - 1 : is / was - 1;
    const isProved = p < P_MAX && was !== is;
    return {
      info,
      metric,
      subject: row.subject,
      parameters: row.parameters,
      before: was,
      after: is,
      ratio: is / was,
      worse,
      p,
      delta: cliffsDelta(news, olds),
      verdict: !isProved ? 'unproved' : worse > 0 ? 'worse' : 'better',
    };
  });
  return {
    changes,
    regressions: changes.filter(({ verdict, worse }) => verdict === 'worse' && worse > options.threshold),
    onlyBefore: namesOf(before, old, young),
    onlyAfter: namesOf(after, young, old),
    warnings: [...environmentWarnings(before, after), ...resolutionWarnings(tested, testable)],
  };
}
