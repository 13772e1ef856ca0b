// Which measurements of a report speak to somebody's needs, and what they say about the strategies in question.

import type { Metric, Parameter, Parameters, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import { parametersKey } from '../statistics/rows.ts';
import { placings } from './leaders.ts';
import type { Placing } from './leaders.ts';
import type { Aim, Needs } from './needs.ts';
import { tailMetric } from './view.ts';

/** One metric at one choice of parameters. */
export interface Evidence {
  readonly info: ScenarioInfo;
  readonly metric: Metric;
  readonly parameters: Parameters;
  /** Strategies in question only. */
  readonly placings: readonly Placing[];
  /** What was measured is not quite what was asked about; empty when it is. */
  readonly gaps: readonly string[];
}

/** Distances below this come from arithmetic. */
const NEGLIGIBLE = 1e-9;

/** The metric of a scenario that an aim is about; null where it has none. Only metrics with a better side count. */
function metricFor(aim: Aim, info: ScenarioInfo): Metric | null {
  if (aim === 'tail') return tailMetric(info);
  const serves = ({ unit, better }: Metric): boolean =>
    aim === 'throughput'
      ? unit === 'ops/s' && better === 'higher'
      : better === 'lower' && (unit === 'bytes' || unit === 'ratio' || unit === '%');
  return info.metrics.find(serves) ?? null;
}

/** A share from 0 to 1 of a value that may be one of 0 to 100; `values` tell which. */
function shareOf(value: number, values: readonly (number | string)[]): number {
  return values.some((other) => Number(other) > 1) ? value / 100 : value;
}

interface Asked {
  /** The place of a parameter's value on a scale on which distances mean something. */
  readonly placeOf: (value: number) => number;
  readonly wanted: number;
  readonly text: string;
}

/** What the needs ask of a parameter; null when they ask nothing. */
function askedOf({ id, values }: Parameter, { workers, readShare }: Needs): Asked | null {
  if (id === 'workers' && workers !== null) {
    return { placeOf: Math.log2, wanted: Math.log2(workers), text: `${workers} workers` };
  }
  if (readShare === null || !/^(read|write)(s|share)?$/i.test(id)) return null;
  const isRead = /^read/i.test(id);
  const placeOf = (value: number): number => (isRead ? shareOf(value, values) : 1 - shareOf(value, values));
  return { placeOf, wanted: readShare, text: `${Number((readShare * 100).toFixed(1))} % reads` };
}

/** The measured choices of parameters that come nearest to the needs; several where the needs leave it open. */
function nearest(info: ScenarioInfo, rows: readonly Row[], needs: Needs): Parameters[] {
  let choices = [...new Map(rows.map(({ parameters }) => [parametersKey(parameters), parameters])).values()];
  for (const parameter of info.parameters) {
    const asked = askedOf(parameter, needs);
    if (asked === null) continue;
    const least = Math.min(...choices.map((own) => distance(parameter, own, asked)));
    choices = choices.filter((own) => distance(parameter, own, asked) <= least + NEGLIGIBLE);
  }
  return choices;
}

function distance({ id }: Parameter, parameters: Parameters, { placeOf, wanted }: Asked): number {
  return Math.abs(placeOf(Number(parameters[id])) - wanted);
}

/** What was measured although something else was asked about, or is not varied at all. */
function gapsOf(info: ScenarioInfo, parameters: Parameters, needs: Needs): string[] {
  const asked = info.parameters.flatMap((parameter) => {
    const own = askedOf(parameter, needs);
    return own === null ? [] : [{ parameter, own }];
  });
  const gaps = asked
    .filter(({ parameter, own }) => distance(parameter, parameters, own) > NEGLIGIBLE)
    .map(({ parameter, own }) => `${own.text} asked about, ${parameter.label} ${parameters[parameter.id]} measured`);
  const knowsWorkers = asked.some(({ parameter }) => parameter.id === 'workers');
  const knowsShare = asked.some(({ parameter }) => parameter.id !== 'workers');
  return [
    ...gaps,
    ...(needs.workers === null || knowsWorkers ? [] : [`"${info.title}" does not vary the number of workers`]),
    ...(needs.readShare === null || knowsShare ? [] : [`"${info.title}" does not vary the share of reads`]),
  ];
}

/** What was asked about counts for 1 where it was measured, and for this where only something near was. */
const NEAR = 0.4;

/**
 * How much a scenario says about the needs: it varies what they name, and has measured just that; and of two that have, a
 * whole workload says more than a stress test.
 */
function relevance(info: ScenarioInfo, needs: Needs): number {
  const named = info.parameters.flatMap((parameter) => {
    const asked = askedOf(parameter, needs);
    if (asked === null) return [];
    const isMeasured = parameter.values.some(
      (value) => distance(parameter, { [parameter.id]: value }, asked) <= NEGLIGIBLE,
    );
    return [isMeasured ? 1 : NEAR];
  });
  return named.reduce((sum, own) => sum + own, 0) + (info.question === null ? 0.5 : 0);
}

/** The evidence of a report for an aim, the most relevant first. */
export function evidenceFor(report: Report, aim: Aim, needs: Needs, ids: readonly string[]): Evidence[] {
  const scenarios = report.scenarios
    .filter(({ parameters }) => aim === 'memory' || parameters.some(({ id }) => id === 'workers'))
    .toSorted((left, right) => relevance(right, needs) - relevance(left, needs));
  return scenarios.flatMap((info) => {
    const metric = metricFor(aim, info);
    if (metric === null) return [];
    const rows = report.rows.filter(
      (row) => row.scenario === info.id && row.metric === metric.id && ids.includes(row.subject),
    );
    if (new Set(rows.map(({ subject }) => subject)).size < 2) return [];
    return nearest(info, rows, needs).map((parameters) => {
      const key = parametersKey(parameters);
      const own = rows.filter((row) => parametersKey(row.parameters) === key);
      return {
        info,
        metric,
        parameters,
        placings: placings(report, metric, own),
        gaps: gapsOf(info, parameters, needs),
      };
    });
  });
}
