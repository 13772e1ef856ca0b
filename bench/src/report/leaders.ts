// Who leads: the best of the strategies under one choice of parameters, and which others the data cannot tell from it.
//
// RULES
//   1. The best is the one with the best median. Another is behind only if Mann-Whitney on the rounds says so after Benjamini
//      and Hochberg's correction for the number of strategies compared; otherwise it is tied, however far its median is.
//   2. A metric that is exact needs no test: what differs, differs.
//   3. Peers are placed against the best strategy, and never lead: they do another job.

import type { Metric, Parameters } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import { P_MAX, parametersKey } from '../statistics/rows.ts';
import { benjaminiHochberg, cliffsDelta, mannWhitney } from '../statistics/mann-whitney.ts';
import { subjectOf } from './view.ts';

export type Place = 'best' | 'tied' | 'behind' | 'ahead';

export interface Placing {
  readonly row: Row;
  readonly place: Place;
  /** Median over the best median; 1 for the best. Null where that does not exist. */
  readonly ratio: number | null;
  /** Against the best, corrected; 1 for the best itself. */
  readonly p: number;
  /** Cliff's delta against the best. */
  readonly delta: number;
}

/** The least p that so many rounds can give: all of one side below all of the other. */
export function leastP(rounds: number, otherRounds: number): number {
  const upTo = (start: number, count: number): number[] => Array.from({ length: count }, (_, index) => start + index);
  return mannWhitney(upTo(0, rounds), upTo(rounds, otherRounds));
}

/** False when the rounds are too few to prove that anybody is behind, whatever they show. */
export function couldProve(placed: readonly Placing[]): boolean {
  const [best, ...others] = placed;
  return others.some(({ row }) => leastP(best!.row.rounds.length, row.rounds.length) < P_MAX);
}

const exactP = (row: Row, best: Row): number => (row.value.median === best.value.median ? 1 : 0);

function isBetter(metric: Metric, left: number, right: number): boolean {
  return metric.better === 'higher' ? left > right : left < right;
}

/** Places rows that share all parameters. Empty where the metric has no better side, or no strategy has a row. */
export function placings(report: Pick<Report, 'subjects'>, metric: Metric, rows: readonly Row[]): Placing[] {
  const competing = rows.filter(({ subject }) => subjectOf(report, subject).kind === 'strategy');
  if (metric.better === 'neither' || competing.length === 0) return [];
  const best = competing.reduce((top, row) => (isBetter(metric, row.value.median, top.value.median) ? row : top));
  const others = rows.filter((row) => row !== best && subjectOf(report, row.subject).kind !== 'harness');
  const corrected = benjaminiHochberg(others.map(({ rounds }) => mannWhitney(rounds, best.rounds)));
  return [best, ...others].map((row): Placing => {
    const ratio = row.value.median / best.value.median;
    const p = row === best ? 1 : metric.exact === true ? exactP(row, best) : corrected[others.indexOf(row)]!;
    const differs = isBetter(metric, row.value.median, best.value.median) ? 'ahead' : 'behind';
    return {
      row,
      place: row === best ? 'best' : p < P_MAX ? differs : 'tied',
      ratio: Number.isFinite(ratio) ? ratio : null,
      p,
      delta: row === best ? 0 : cliffsDelta(row.rounds, best.rounds),
    };
  });
}

/** True when the best leads anybody for certain: otherwise its place is chance as well. */
export function leadIsProved(placed: readonly Placing[]): boolean {
  return placed.some(({ place }) => place === 'behind');
}

/** The rows of a metric with exactly these parameters. */
export function rowsAt(rows: readonly Row[], scenario: string, metric: string, parameters: Parameters): Row[] {
  const key = parametersKey(parameters);
  return rows.filter(
    (row) => row.scenario === scenario && row.metric === metric && parametersKey(row.parameters) === key,
  );
}
