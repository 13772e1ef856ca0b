// A report as text: what a reader sees at the end of a run. Every line fits 80 columns.

import { BUSY_SHARE_MAX } from './environment.ts';
import type { Environment } from './environment.ts';
import type { Report } from './model/report.ts';
import { formatGoals } from './text/goals-text.ts';
import { formatScenario } from './text/scenario-text.ts';
import { heading, item, mebibytes, paragraph } from './table.ts';

/** Where and how: printed before the run, so that it is there even if the run is broken off. */
export function formatEnvironment(environment: Environment, seed: number): string {
  const { cpu, cores, memoryGiB, loadAverage, busyShare, waitedSeconds, os, node, v8, commit, date, command } =
    environment;
  const used = `others use ${(busyShare * 100).toFixed(0)} % of it`;
  const busy =
    busyShare > BUSY_SHARE_MAX ? ` (busy, after waiting ${waitedSeconds.toFixed(0)} s: expect wide intervals)` : '';
  const { virtualization, governor, flags } = environment;
  const fields: readonly (readonly [string, string])[] = [
    ['machine', `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${virtualization ?? 'virtualization unknown'}`],
    ['load', `${used}, load average ${loadAverage.toFixed(2)}${busy}; governor ${governor ?? 'unknown'}`],
    ['system', `${os}, Node ${node}, V8 ${v8}${flags.length === 0 ? '' : `, flags ${flags.join(' ')}`}`],
    ['commit', `${commit ?? 'unknown'}, ${date}`],
    ['command', command],
    ['seed', String(seed)],
  ];
  return fields.map(([name, text]) => item(name, text)).join('\n');
}

function formatAnswers({ answers, scenarios }: Report): string {
  if (answers.length === 0) return '';
  const lines = answers.map(({ scenario, headline, text, verdict, caveats }) => {
    const question = scenarios.find(({ id }) => id === scenario)?.question ?? scenario;
    const short = headline === undefined ? '' : `${headline} `;
    return item(question, `[${verdict}] ${short}${text}${caveats.length === 0 ? '' : ` But: ${caveats.join('; ')}.`}`);
  });
  return [heading('Answers'), ...lines].join('\n');
}

function formatChecks({ checks, skipped, seconds, interrupted, environment }: Report): string {
  const lines = [heading('Checks')];
  if (checks.cells > 0) {
    lines.push(
      paragraph(
        `${checks.cells} cells, each with all of its contents verified: ${checks.objects} objects, ${mebibytes(checks.bytes)} MiB.`,
      ),
    );
  }
  for (const limit of environment.limits) lines.push(paragraph(`not shown: ${limit}`));
  for (const { what, why } of skipped) lines.push(paragraph(`skipped: ${what}: ${why}`));
  if (interrupted) lines.push('BROKEN OFF by the user: only what was measured by then is above.');
  // The first line says what; the report has the stack.
  for (const failure of checks.failures) lines.push(`FAILED: ${failure.split('\n')[0]}`);
  const verdict = checks.passed
    ? 'ALL CHECKS PASSED'
    : `${checks.failures.length} CHECKS FAILED: trust no figure above`;
  return [...lines, `${verdict} (run took ${seconds.toFixed(0)} s)`].join('\n');
}

/** The whole report. */
export function formatReport(report: Report): string {
  const parts = report.scenarios.map((info) => formatScenario(report, info)).filter((text) => text !== '');
  const note = paragraph(
    `Medians of the rounds with 95 % bootstrap intervals. x: ratio to the baseline; ~ marks a difference that is not
    significant (Mann-Whitney, p < 0.05 after Benjamini and Hochberg's correction for all
    comparisons of the scenario): do not choose by it.`,
  );
  return [
    ...parts,
    formatGoals(report),
    formatAnswers(report),
    parts.length === 0 ? '' : `\n${note}`,
    formatChecks(report),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
