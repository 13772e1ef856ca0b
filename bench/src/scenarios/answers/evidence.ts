// What answers rest on: rows found by what they are about, and figures in words.

import type { Parameters } from '../../model/measurement.ts';
import type { Row } from '../../model/row.ts';
import { CONFIDENCE } from '../../statistics/bootstrap.ts';
import { figure } from '../../table.ts';

/** Rows of a metric whose parameters include the given ones. */
export function select(rows: readonly Row[], metric: string, parameters: Parameters = {}): Row[] {
  return rows.filter(
    (row) => row.metric === metric && Object.entries(parameters).every(([id, value]) => row.parameters[id] === value),
  );
}

/** The row with the lowest median; undefined without rows. */
export function lowest(rows: readonly Row[]): Row | undefined {
  return rows.length === 0
    ? undefined
    : rows.reduce((best, row) => (row.value.median < best.value.median ? row : best));
}

/** The row with the highest median; undefined without rows. */
export function highest(rows: readonly Row[]): Row | undefined {
  return rows.length === 0
    ? undefined
    : rows.reduce((best, row) => (row.value.median > best.value.median ? row : best));
}

/** "spin 1.23 us (1.10 to 1.40)". */
export function spell(row: Row, unit: string, scale = 1): string {
  const { median, low, high } = row.value;
  const amount = [figure(median * scale), unit].filter((part) => part !== '').join(' ');
  return `${row.subject} ${amount} (${figure(low * scale)} to ${figure(high * scale)})`;
}

/** "x0.45 (0.40 to 0.51)", against the baseline. */
export function spellRatio({ comparison }: Row): string {
  if (comparison === null) return 'no ratio';
  const { median, low, high } = comparison.ratio;
  return `x${figure(median)} (${figure(low)} to ${figure(high)})`;
}

/** True when the intervals of two rows have full confidence and do not touch: `low` is the smaller one. */
export function areApart(low: Row, high: Row): boolean {
  return [low, high].every(({ value }) => value.confidence >= CONFIDENCE) && low.value.high < high.value.low;
}

/** Fewest rounds behind any of the rows. */
export function roundsOf(rows: readonly Row[]): number {
  return Math.min(...rows.map(({ value }) => value.count));
}
