// A report as text: what a reader sees at the end of a run. Every line fits 80 columns.

import type { Options } from './arguments.ts';
import { COST_RATIO_MAX } from './claims.ts';
import { KERNEL_STEPS, isAsDenseAsKernel } from './density.ts';
import type { Environment } from './environment.ts';
import type { DensityResult } from './jobs.ts';
import { METADATA_SHARE_MAX } from './metadata.ts';
import { formatReplay } from './replay-text.ts';
import type { Report } from './report.ts';
import type { MicroRow } from './summary.ts';
import { figure, formatTable, heading, mebibytes, paragraph } from './table.ts';

/** Where and how: printed before the run, so that it is there even if the run is broken off. */
export function formatEnvironment(environment: Environment, options: Pick<Options, 'seed'>): string {
  const { cpu, cores, memoryGiB, loadAverage, os, node, v8, commit, date, command } = environment;
  const busy = loadAverage > cores / 2 ? ' (busy: expect wide intervals)' : '';
  return [
    `machine   ${cpu}, ${cores} cores, ${memoryGiB} GiB; load average ${loadAverage.toFixed(2)}${busy}`,
    `system    ${os}, Node ${node}, V8 ${v8}`,
    `commit    ${commit ?? 'unknown'}, ${date}`,
    `command   ${command}`,
    `seed      ${options.seed}`,
  ].join('\n');
}

function formatOperation(operation: string, rows: readonly MicroRow[]): string {
  return formatTable(
    [operation, 'calls', 'stated', 'ns', 'ns/call', 'ratio', 'interval', ''],
    rows.map((row) => [
      row.strategyId,
      String(row.callsMeasured),
      row.callsStated === null ? '-' : String(row.callsStated),
      figure(row.ns.median),
      figure(row.callNs.median),
      row.ratio.median.toFixed(2),
      `${row.ratio.low.toFixed(2)}-${row.ratio.high.toFixed(2)}`,
      row.withinLimit ? 'ok' : 'over',
    ]),
  );
}

function formatMicro(rows: readonly MicroRow[]): string {
  const operations = [...new Set(rows.map(({ operation }) => operation))];
  const over = rows.filter(({ withinLimit }) => !withinLimit).length;
  return [
    heading('Cost of an uncontended operation against its Atomics calls'),
    ...operations.map(
      (name) =>
        `${formatOperation(
          name,
          rows.filter(({ operation }) => operation === name),
        )}\n`,
    ),
    paragraph(
      `calls: Atomics calls counted on one operation; stated: what its protocol needs (src/claims.ts). ns/call: one such
      call, timed in turn with the operation in the same process. ratio: ns over calls x ns/call, median of
      ${rows[0]?.ratio.count} processes. The goal is at most ${COST_RATIO_MAX}: ${rows.length - over} of ${rows.length} rows are within it.`,
    ),
  ].join('\n');
}

function groupByFigures(results: readonly DensityResult[]): DensityResult[][] {
  const groups = new Map<string, DensityResult[]>();
  for (const result of results) {
    const key = JSON.stringify(result.steps.map(({ bytesUsed, bytesMetadata }) => [bytesUsed, bytesMetadata]));
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()];
}

function formatDensity(results: readonly DensityResult[]): string {
  const parts = groupByFigures(results).map((group) => {
    const { steps } = group[0]!;
    const table = formatTable(
      ['freed', 'stored MiB', 'used MiB', 'ratio', 'kernel', 'bound', '', 'metadata MiB', 'compact ms'],
      steps.map((step, index) => {
        const kernel = KERNEL_STEPS[index]!;
        const own = step.bytesUsed / step.bytesStored;
        return [
          `${step.freedShare * 100} %`,
          mebibytes(step.bytesStored),
          mebibytes(step.bytesUsed),
          own.toFixed(4),
          (kernel.used / kernel.stored).toFixed(4),
          kernel.ratioMax.toFixed(3),
          own <= kernel.ratioMax ? 'ok' : 'OVER',
          mebibytes(step.bytesMetadata),
          figure(step.compactMs),
        ];
      }),
      1,
    );
    return `${paragraph(group.map(({ strategyId }) => strategyId).join(', '))}:\n${table}`;
  });
  const dense = results.filter(({ steps }) => isAsDenseAsKernel(steps)).length;
  return [
    heading("Memory: the stream of bench/data, against a real kernel's zsmalloc"),
    ...parts,
    paragraph(
      `Component pages used over bytes stored, after compaction. ${dense} of ${results.length} strategies are at most the
      kernel's at every step; every object was read back after every step.`,
    ),
  ].join('\n');
}

function formatMetadata({ metadata }: Report): string {
  if (metadata === null) return '';
  const share = metadata.bytesMetadata / metadata.poolBytes;
  return paragraph(
    `Metadata: a pool of ${mebibytes(metadata.poolBytes)} MiB full of ${metadata.objects} objects of
    ${metadata.objectBytes} bytes (${metadata.strategyId}, filled in ${figure(metadata.fillSeconds)} s) spends
    ${(share * 100).toFixed(2)} % on metadata besides the 8 bytes a slot; bound ${METADATA_SHARE_MAX * 100} %:
    ${share < METADATA_SHARE_MAX ? 'ok' : 'OVER'}.`,
  );
}

function formatChecks({ checks, skipped, seconds }: Report): string {
  const lines = [heading('Checks')];
  if (checks.cellsVerified > 0) {
    lines.push(
      paragraph(
        `Contents: every read was verified by checksum, and at the end of each of ${checks.cellsVerified} cells every byte of
        every object (${checks.objectsVerified} objects, ${mebibytes(checks.bytesVerified)} MiB in all).`,
      ),
    );
  }
  for (const { what, why } of skipped) lines.push(paragraph(`skipped: ${what}: ${why}`));
  // The first line says what; the report has the stack.
  for (const failure of checks.failures) lines.push(`FAILED: ${failure.split('\n')[0]}`);
  const verdict = checks.passed
    ? 'ALL CHECKS PASSED'
    : `${checks.failures.length} CHECKS FAILED: trust no figure above`;
  return [...lines, `${verdict} (run took ${seconds.toFixed(0)} s)`].join('\n');
}

/** The whole report. */
export function formatReport(report: Report): string {
  const parts: string[] = [];
  if (report.replayCells.length > 0) parts.push(formatReplay(report));
  if (report.micro.length > 0) parts.push(formatMicro(report.micro));
  if (report.density.length > 0) parts.push(formatDensity(report.density));
  if (report.metadata !== null) parts.push(formatMetadata(report));
  parts.push(formatChecks(report));
  return parts.join('\n');
}
