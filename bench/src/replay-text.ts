// The replay part of a report as text.

import { DEFAULTS } from './arguments.ts';
import { HARNESS_ID } from './jobs.ts';
import type { ReplayCell } from './jobs.ts';
import type { Report } from './report.ts';
import { BASELINE_ID } from './strategies.ts';
import { cellsOf, latencyOf, medianOf } from './summary.ts';
import type { ReplayRow } from './summary.ts';
import { figure, formatTable, heading, mebibytes, paragraph, ratio } from './table.ts';

function thousands(perSecond: number): string {
  return (perSecond / 1000).toFixed(0);
}

function relative({ relative: comparison, strategyId }: ReplayRow): string {
  if (strategyId === HARNESS_ID) return '- ';
  if (comparison === null) return strategyId === BASELINE_ID ? 'base ' : '- ';
  return `${comparison.median.toFixed(2)} ${comparison.significant ? ' ' : '~'}`;
}

function formatSpeed(rows: readonly ReplayRow[], workers: number): string {
  return formatTable(
    [
      `${workers} worker${workers === 1 ? '' : 's'}`,
      'kops/s',
      'interval',
      `x ${BASELINE_ID}`,
      'p50 us',
      'p99 us',
      'p99.9 us',
    ],
    rows
      .filter((row) => row.workers === workers)
      .map((row) => [
        row.strategyId,
        thousands(row.operationsPerSecond.median),
        `${thousands(row.operationsPerSecond.low)}-${thousands(row.operationsPerSecond.high)}`,
        relative(row),
        figure(row.p50Us),
        figure(row.p99Us),
        figure(row.p999Us),
      ]),
  );
}

/** Ids that ran, in the order of the report, the harness left out. */
function strategiesOf(report: Report): string[] {
  return [...new Set(report.replayRows.map(({ strategyId }) => strategyId))].filter((id) => id !== HARNESS_ID);
}

function overhead(used: (cell: ReplayCell) => number | undefined, stored: (cell: ReplayCell) => number | undefined) {
  return (cell: ReplayCell): number | undefined => {
    const [above, below] = [used(cell), stored(cell)];
    return above === undefined || below === undefined ? undefined : above / below;
  };
}

function formatMemory(report: Report, workers: number): string {
  const rows = strategiesOf(report).map((id) => {
    const cells = cellsOf(report.replayCells, id, workers);
    return [
      id,
      mebibytes(medianOf(cells, ({ memory }) => memory?.bytesStored)),
      mebibytes(medianOf(cells, ({ memory }) => memory?.bytesUsed)),
      mebibytes(medianOf(cells, ({ memory }) => memory?.bytesUsedPeak)),
      mebibytes(medianOf(cells, ({ memory }) => memory?.garbageBytesHigh ?? undefined)),
      ratio(
        medianOf(
          cells,
          overhead(
            ({ memory }) => memory?.halfUsedBefore,
            ({ memory }) => memory?.halfStored,
          ),
        ),
      ),
      ratio(
        medianOf(
          cells,
          overhead(
            ({ memory }) => memory?.halfUsedAfter,
            ({ memory }) => memory?.halfStored,
          ),
        ),
      ),
      (medianOf(cells, ({ memory }) => memory?.halfPagesFreed) ?? Number.NaN).toFixed(0),
      (medianOf(cells, ({ compaction }) => compaction?.pagesFreed) ?? Number.NaN).toFixed(0),
      (medianOf(cells, ({ compaction }) => compaction?.busySkips) ?? Number.NaN).toFixed(0),
    ];
  });
  return [
    formatTable(['MiB', 'stored', 'used', 'peak', 'limbo', 'before', 'after', 'freed', 'freed*', 'skips*'], rows),
    paragraph(
      `With ${workers} workers. stored, used: bytes of objects and of their component pages as the workers left them; peak:
      most used at a look every 25 ms, garbage of deferred frees included; limbo: most bytes of it at once. Then half of the objects are freed in random
      order: before, after: used over stored before and after a final compaction, which frees so many pages. *: pages freed
      and busy zspages skipped by the workers' own compactions.`,
    ),
  ].join('\n');
}

function formatCompaction(report: Report, workers: number): string {
  const rows = strategiesOf(report).map((id) => {
    const cells = cellsOf(report.replayCells, id, workers);
    return [
      id,
      figure(latencyOf(cells, 'readUndisturbed', 'p50')),
      figure(latencyOf(cells, 'readUndisturbed', 'p99')),
      figure(latencyOf(cells, 'readUndisturbed', 'p999')),
      figure(latencyOf(cells, 'readBesideCompaction', 'p50')),
      figure(latencyOf(cells, 'readBesideCompaction', 'p99')),
      figure(latencyOf(cells, 'readBesideCompaction', 'p999')),
      figure(medianOf(cells, ({ compaction: c }) => (c === null || c.calls === 0 ? undefined : c.ms / c.calls))),
      figure(medianOf(cells, ({ compaction: c }) => c?.msMax)),
      figure(
        medianOf(cells, (cell) =>
          cell.compaction === null ? undefined : cell.compaction.ms / (cell.seconds * workers) / 10,
        ),
      ),
    ];
  });
  return [
    formatTable(['reads, us', 'p50', 'p99', 'p99.9', '| p50', 'p99', 'p99.9', '| ms mean', 'max', '%'], rows),
    paragraph(
      `With ${workers} workers: reads while nobody compacts | reads beginning or ending beside a compaction | time of one
      compaction of at most 32 pages, and the share of the workers' time that compactions took. A
      dash: too few samples for that percentile.`,
    ),
  ].join('\n');
}

function intervalNote(report: Report): string {
  const { confidence, count } = report.replayRows[0]!.operationsPerSecond;
  const percent = (confidence * 100).toFixed(0);
  const few = `${count === 1 ? '1 round allows' : `${count} rounds allow`} no 95 % interval (the range covers the median with ${percent} %), so
    nothing here is significant; ${DEFAULTS.rounds} rounds do.`;
  const enough = `Medians of ${count} rounds with their ${percent} % interval.`;
  return `${confidence >= 0.95 ? enough : few} x ${BASELINE_ID}: median of the ratios round by round; ~ marks a difference that
    is not significant.`;
}

/** Speed, readers beside compaction, and memory of the replay. */
export function formatReplay(report: Report): string {
  const { dataset, options, environment, replayRows } = report;
  const several = options.workers.find((workers) => workers >= 2) ?? options.workers[0]!;
  return [
    heading('Replay: compressed pages of the Node binary, as zram uses them'),
    ...options.workers.map((workers) => `${formatSpeed(replayRows, workers)}\n`),
    paragraph(
      `${intervalNote(report)} "${HARNESS_ID}" is the replay without allocator and lock: the ceiling that the harness itself
      sets. More than ${environment.cores} workers on ${environment.cores} cores is oversubscription. Latency: one operation in 8,
      40 ns of the clock included. Data: ${dataset?.pages} pages, ${dataset?.samePages} of them same-filled (no object),
      ${dataset?.rawPages} incompressible (stored raw).`,
    ),
    heading('Readers beside compaction'),
    formatCompaction(report, several),
    heading('Memory of the replay'),
    formatMemory(report, options.workers.at(-1)!),
  ].join('\n');
}
