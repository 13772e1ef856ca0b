// The report that is kept with the source: everything that its other forms are made from, and nothing twice.

import type { Cell, Histogram } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import { parametersKey } from '../statistics/rows.ts';
import { withoutFiles } from './method.ts';
import { mergeHistograms } from './view.ts';

/** Digits that are kept of measured figures: more than any of them is good for. */
const DIGITS = 5;

function round(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS));
}

/** All numbers of a value rounded. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return round(value) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, rounded(own)])) as T;
}

/**
 * The cells of a report reduced to what rows do not have: one for each subject and choice of parameters, with its histograms
 * over all rounds. The metrics of the rounds are in the rows.
 */
function mergeCells(cells: readonly Cell[]): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = `${cell.scenario} ${cell.subject} ${parametersKey(cell.parameters)}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].flatMap((own): Cell[] => {
    const ids = [...new Set(own.flatMap(({ histograms }) => Object.keys(histograms)))];
    if (ids.length === 0) return [];
    const histograms = ids.map((id): [string, Histogram] => [
      id,
      mergeHistograms(own.flatMap((cell) => cell.histograms[id] ?? [])),
    ]);
    const sum = (of: keyof Cell['verified']): number => own.reduce((total, { verified }) => total + verified[of], 0);
    const { scenario, subject, parameters } = own[0]!;
    const verified = { objects: sum('objects'), bytes: sum('bytes'), pools: sum('pools') };
    return [
      { scenario, subject, parameters, round: 0, metrics: {}, histograms: Object.fromEntries(histograms), verified },
    ];
  });
}

/** Paths of the machine it was made on say nothing to others. */
function withoutPaths(options: Report['options']): Report['options'] {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !key.endsWith('Path')));
}

/** A smaller report from which the same page and the same Markdown are made, up to rounding. */
export function slimReport(report: Report): Report {
  return {
    ...report,
    environment: { ...report.environment, command: withoutFiles(report.environment.command) },
    options: withoutPaths(report.options),
    rows: rounded(report.rows),
    cells: mergeCells(report.cells).map((cell) => ({ ...cell, histograms: rounded(cell.histograms) })),
  };
}
