// What a crew's reports come to.

import type { Counts, Finding, Histogram } from '../check.ts';
import type { CrewEnd } from './crew.ts';

export function sumOf({ reports }: CrewEnd, what: string): number {
  return reports.reduce((sum, { counts }) => sum + (counts[what] ?? 0), 0);
}

/** A number of each agent, with the least and the most. */
export function perAgent(title: string, { reports }: CrewEnd, what: string): Histogram {
  const found = reports.map(({ counts }) => counts[what]).filter((count) => count !== undefined);
  // Of agents that hang there is no report: of none of them there is no least one.
  const least = found.length === 0 ? 0 : Math.min(...found);
  return { title, buckets: { agents: found.length, least, most: Math.max(...found, 0) } };
}

/** A run in which what it is about never happened says nothing. */
export function unlessIdle(finding: Finding, ...what: readonly string[]): Finding {
  const isIdle = what.some((count) => finding.counts[count] === 0);
  return isIdle && finding.defect === undefined ? { ...finding, verdict: 'not run' } : finding;
}

/** Turns the end of a crew into a finding. */
export function findingOf({ wrong }: CrewEnd, counts: Counts, histograms: readonly Histogram[] = []): Finding {
  const finding = { verdict: wrong === undefined ? 'sampled' : 'failed', counts, histograms };
  if (wrong === undefined) return finding;
  const hangs = / do not end: /.test(wrong);
  const [message, ...rest] = wrong.split('\n');
  const detail = rest.length === 0 ? {} : { detail: rest.join('\n') };
  return { ...finding, defect: { message, ...detail, ...(hangs ? { rows: [4] } : {}) } };
}
