// The report for people: at most 80 columns.

import { NOT_ASKED_FOR } from './report.ts';
import type { CheckResult, Report, ReportRow } from './report.ts';

const WIDTH = 80;
const MARKS = { passed: 'ok', failed: 'FAILED', 'does not apply': 'n/a', 'not run': 'not run' } as const;

/** Breaks text into lines, each behind an indent. */
function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => ' '.repeat(indent) + line);
}

const inThousands = (count: number): string =>
  Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');

/** What the checks of a row have done: of each kind how many, and what counts most there. */
function workInWords({ number }: ReportRow, checks: readonly CheckResult[]): string {
  const own = checks.filter(({ rows, verdict }) => rows.includes(number) && verdict !== 'not run');
  return KINDS.flatMap(([kind, plural]) => {
    const some = own.filter((check) => check.kind === kind);
    if (some.length === 0) return [];
    const sum = (what: string): number => some.reduce((total, { counts }) => total + (counts[what] ?? 0), 0);
    const proved = some.filter(({ verdict }) => verdict === 'proved').length;
    const names = MAIN_COUNTS.filter((name) => sum(name) > 0).slice(0, 2);
    const parts = [
      `${some.length} ${plural}`,
      ...(proved > 0 ? [`${proved} proved`] : []),
      ...names.map((name) => `${inThousands(sum(name))} ${name}`),
    ];
    return [parts.join(', ')];
  }).join('; ');
}

const KINDS = [
  ['unit', 'counted'],
  ['explorer', 'explored'],
  ['torture', 'on threads'],
  ['killer', 'killed'],
] as const;

/** Counts that say most, in this order. */
const MAIN_COUNTS = [
  'executions',
  'crash points',
  'calls',
  'kills',
  'sections',
  'reads',
  'lookups',
  'mallocs',
  'nested locks',
  'sections of many',
  'meetings',
  'KiB freed',
  'noticed bugs',
];

function rowLines(row: ReportRow, checks: readonly CheckResult[]): string[] {
  const head = `${String(row.number).padStart(2)}  ${MARKS[row.status].padEnd(8)}${row.title}`;
  const what = row.reason ?? workInWords(row, checks);
  return [head, ...(what === '' ? [] : wrap(what, 12))];
}

function defectLines({ title, kind, defect }: CheckResult): string[] {
  if (defect === undefined) return [];
  return [
    '',
    ...wrap(`FAILED  ${title} (${kind}; row ${defect.rows.join(', ')})`, 0),
    ...wrap(defect.message, 2),
    ...(defect.detail === undefined ? [] : ['', ...defect.detail.split('\n').map((line) => `  ${line}`)]),
    '',
    ...wrap(`again: ${defect.replay}`, 2),
  ];
}

function histogramLines({ title, histograms }: CheckResult): string[] {
  return histograms.flatMap((histogram) => [
    ...wrap(`${title}: ${histogram.title}`, 0),
    ...wrap(
      Object.entries(histogram.buckets)
        .map(([bucket, count]) => `${bucket}: ${inThousands(count)}`)
        .join('   '),
      2,
    ),
  ]);
}

/** All of a report, as text. */
export function formatReport(report: Report): string {
  const { strategy, rows, checks, seed, elapsedMs, environment, verdict } = report;
  const count = (status: ReportRow['status']): number => rows.filter((row) => row.status === status).length;
  const histograms = checks.flatMap(histogramLines);
  return [
    `strategy "${strategy.id}" version ${strategy.version}, ${Math.round(elapsedMs / 1000)} s, seed ${seed}`,
    `Node ${environment.node}, ${environment.cores} cores`,
    '',
    ...rows.filter(({ reason }) => reason !== NOT_ASKED_FOR).flatMap((row) => rowLines(row, checks)),
    ...(histograms.length === 0 ? [] : ['', ...histograms]),
    ...checks.flatMap(defectLines),
    '',
    `${verdict}: ${count('passed')} rows passed, ${count('failed')} failed, ${count('does not apply')} do not apply, ${count('not run')} not run`,
  ].join('\n');
}
