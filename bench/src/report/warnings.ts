// What a reader must know before the first number.

import { BUSY_SHARE_MAX, othersShareOf } from '../environment.ts';
import type { Report } from '../model/report.ts';

export interface Warning {
  readonly text: string;
  /** Numbers are not to be trusted at all. */
  readonly isGrave: boolean;
}

/** Rounds below which a median's interval cannot have 95 % confidence: 1 - 2 / 2^6 is the first to exceed it. */
const ROUNDS_FOR_INTERVAL = 6;

/** Most rounds that any row has; what is exact is measured once only. */
export function roundsOf({ rows }: Pick<Report, 'rows'>): number {
  return rows.reduce((most, { value }) => Math.max(most, value.count), 0);
}

export function warningsOf(report: Report): Warning[] {
  const { checks, interrupted, environment, skipped } = report;
  const rounds = roundsOf(report);
  const warnings: Warning[] = [];
  const warn = (isGrave: boolean, text: string): void => void warnings.push({ isGrave, text });
  if (!checks.passed) {
    const first = checks.failures[0]?.split('\n')[0] ?? '';
    warn(true, `${checks.failures.length} checks failed: trust no figure below. The first: ${first}`);
  }
  if (interrupted) warn(false, 'The run was broken off: what was measured by then is complete, the rest is missing.');
  if (rounds < ROUNDS_FOR_INTERVAL) {
    warn(
      false,
      `Only ${rounds} round${rounds === 1 ? '' : 's'}: a smoke run. It proves that everything works, and no difference.`,
    );
  }
  const share = othersShareOf(environment);
  if (share > BUSY_SHARE_MAX) {
    warn(
      false,
      `Others used ${Math.round(share * 100)} % of the processors: intervals are wide, and throughput is too low.`,
    );
  }
  for (const { what, why } of skipped) warn(false, `Left out: ${what}: ${why}`);
  return warnings;
}
