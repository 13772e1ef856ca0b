// Turns the single measurements of a run into the rows of its tables.

import { totalCalls } from './atomics-count.ts';
import { COST_RATIO_MAX, statedCalls } from './claims.ts';
import type { AtomicsCalls, CountResult, ReplayCell, TimeResult } from './jobs.ts';
import type { LatencyUs } from './latency-samples.ts';
import { compareRounds, estimate, median } from './statistics.ts';
import type { Comparison, Estimate } from './statistics.ts';

/** One strategy with one number of workers, over all rounds. */
export interface ReplayRow {
  readonly strategyId: string;
  readonly workers: number;
  readonly operationsPerSecond: Estimate;
  /** Null for the baseline itself, and where it did not run. */
  readonly relative: Comparison | null;
  /** Medians over rounds of each round's percentile; NaN becomes null. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly p999Us: number | null;
}

/** One operation of one strategy. */
export interface MicroRow {
  readonly strategyId: string;
  readonly operation: string;
  readonly callsStated: number | null;
  readonly callsMeasured: number;
  readonly calls: AtomicsCalls;
  readonly ns: Estimate;
  /** One Atomics call, averaged over the methods that the operation uses. */
  readonly callNs: Estimate;
  /** Time of the operation over the time of its calls. */
  readonly ratio: Estimate;
  readonly withinLimit: boolean;
}

/** Cells of one strategy and number of workers, by round. */
export function cellsOf(cells: readonly ReplayCell[], strategyId: string, workers: number): ReplayCell[] {
  return cells
    .filter((cell) => cell.strategyId === strategyId && cell.workers === workers)
    .toSorted((left, right) => left.round - right.round);
}

/** Median over cells of a figure that may be missing; null when it always is. */
export function medianOf(
  cells: readonly ReplayCell[],
  figure: (cell: ReplayCell) => number | undefined,
): number | null {
  const values = cells.map(figure).filter((value) => value !== undefined);
  return values.length === 0 ? null : median(values);
}

/** Samples below which a percentile would be a single extreme value. */
const SAMPLES_MIN: Readonly<Record<Percentile, number>> = { p50: 10, p99: 200, p999: 2000 };

type Percentile = 'p50' | 'p99' | 'p999';

/** Median over rounds of one percentile; rounds with too few samples for it are left out. */
export function latencyOf(
  cells: readonly ReplayCell[],
  group: keyof ReplayCell['latency'],
  percentile: Percentile,
): number | null {
  return medianOf(cells, ({ latency }) => {
    const samples: LatencyUs | null = latency[group];
    return samples !== null && samples.samples >= SAMPLES_MIN[percentile] ? samples[percentile] : undefined;
  });
}

/** Pairs rounds, leaving out those that one of the two lacks. */
function compareCells(cells: readonly ReplayCell[], baseline: readonly ReplayCell[]): Comparison | null {
  const pairs = cells.flatMap((cell) => {
    const other = baseline.find(({ round }) => round === cell.round);
    return other === undefined ? [] : [[cell.operationsPerSecond, other.operationsPerSecond] as const];
  });
  if (pairs.length === 0) return null;
  return compareRounds(
    pairs.map(([value]) => value),
    pairs.map(([, value]) => value),
  );
}

/** Rows in the order of `strategyIds`, for each number of workers. */
export function summarizeReplay(
  cells: readonly ReplayCell[],
  strategyIds: readonly string[],
  workerCounts: readonly number[],
  baselineId: string,
): ReplayRow[] {
  return workerCounts.flatMap((workers) => {
    const baseline = cellsOf(cells, baselineId, workers);
    return strategyIds.flatMap((strategyId): ReplayRow[] => {
      const own = cellsOf(cells, strategyId, workers);
      if (own.length === 0) return [];
      return [
        {
          strategyId,
          workers,
          operationsPerSecond: estimate(own.map((cell) => cell.operationsPerSecond)),
          relative: strategyId === baselineId ? null : compareCells(own, baseline),
          p50Us: latencyOf(own, 'all', 'p50'),
          p99Us: latencyOf(own, 'all', 'p99'),
          p999Us: latencyOf(own, 'all', 'p999'),
        },
      ];
    });
  });
}

interface TimedProcess {
  readonly ns: number;
  readonly callNs: number;
  readonly ratio: number;
}

/** One process's view of an operation. Blocks with the same number ran within a millisecond of each other. */
function timedProcess(time: TimeResult, operation: string, calls: AtomicsCalls): TimedProcess {
  const blocks = time.operations.find(({ name }) => name === operation)!.ns;
  const needed = blocks.map((_, block) =>
    Object.entries(calls).reduce((ns, [method, count]) => {
      const timed = time.atomics.find(({ name }) => name === method);
      if (timed === undefined) throw new Error(`${operation} calls Atomics.${method}, whose time is not measured.`);
      return ns + count * timed.ns[block]!;
    }, 0),
  );
  return {
    ns: median(blocks),
    callNs: median(needed) / totalCalls(calls),
    ratio: median(blocks.map((ns, block) => ns / needed[block]!)),
  };
}

/** Rows of one strategy, from its counting process and its timing processes. */
export function summarizeMicro(count: CountResult, times: readonly TimeResult[]): MicroRow[] {
  return count.operations.map(({ operation, calls }) => {
    const processes = times.map((time) => timedProcess(time, operation, calls));
    const ratio = estimate(processes.map((process) => process.ratio));
    return {
      strategyId: count.strategyId,
      operation,
      callsStated: statedCalls(count.strategyId, operation),
      callsMeasured: totalCalls(calls),
      calls,
      ns: estimate(processes.map((process) => process.ns)),
      callNs: estimate(processes.map((process) => process.callNs)),
      ratio,
      withinLimit: ratio.median <= COST_RATIO_MAX,
    };
  });
}
