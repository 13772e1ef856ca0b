// The answer to Q2: from which share of writes on the best lock is faster than each kind of RCU.

import type { ScenarioInfo } from '../../model/measurement.ts';
import type { Row } from '../../model/row.ts';
import type { Answer } from '../../model/scenario.ts';
import { estimateCrossover } from '../../statistics/crossover.ts';
import type { Crossover, Point } from '../../statistics/crossover.ts';
import { figure } from '../../table.ts';
import { select } from './evidence.ts';

const RCU_IDS: readonly string[] = ['rcu', 'rcuTurn', 'rcuSynchronize'];
/** Below, a bootstrap gives no 95 % interval. */
const ROUNDS_MIN = 6;

function pointsOf(rows: readonly Row[], id: string, shares: readonly number[], workers: number): Point[] {
  return shares.flatMap((x): Point[] => {
    const here = select(rows, 'opsPerSecond', { workers, writes: x });
    const own = here.find(({ subject }) => subject === id)?.rounds;
    const others = here.filter(({ subject }) => !RCU_IDS.includes(subject)).map(({ rounds }) => rounds);
    return own === undefined || others.length === 0 ? [] : [{ x, own, others }];
  });
}

function spellCrossover(id: string, { x, low, high, ratios, intervals, crossing }: Crossover): string {
  const at = (index: number): string => {
    const { low: least, high: most } = intervals.at(index)!;
    return `x${figure(ratios.at(index)!)} (${figure(least)} to ${figure(most)})`;
  };
  const ends = `${at(0)} of the best lock with reads only, ${at(-1)} with writes only`;
  if (x !== null && low !== null && high !== null)
    return `${id} is faster up to ${figure(x)} % writes (95 % interval ${figure(low)} to ${figure(high)} %): ${ends}`;
  if (crossing < 0.05 && ratios.every((ratio) => ratio < 1)) return `${id} is slower at every share: ${ends}`;
  if (crossing < 0.05 && ratios.every((ratio) => ratio >= 1))
    return `${id} is as fast or faster at every share: ${ends}`;
  return `where ${id} falls behind is open (it crosses in ${(crossing * 100).toFixed(0)} % of the resamples): ${ends}`;
}

/** Whether it is an anti-pattern here, in a few words. */
export function shortCrossover(id: string, { x, low, high, ratios, crossing }: Crossover): string {
  if (x !== null && low !== null && high !== null)
    return `${id} is no anti-pattern up to ${figure(x)} % writes (${figure(low)} to ${figure(high)})`;
  if (crossing < 0.05 && ratios.every((ratio) => ratio < 1)) return `${id} is one: behind the best lock at every share`;
  if (crossing < 0.05 && ratios.every((ratio) => ratio >= 1)) return `${id} is none: not behind at any share of writes`;
  return `${id} is not clear here`;
}

/** A kind of RCU, and where the best lock becomes faster. */
export interface FoundCrossover {
  readonly id: string;
  readonly crossover: Crossover;
  /** Shares of writes, in percent, of the crossover's ratios. */
  readonly shares: readonly number[];
  readonly rounds: number;
}

/** With the fewest workers. Empty where there is no kind of RCU, no lock, or too few rounds. */
export function findCrossovers(rows: readonly Row[], info: ScenarioInfo): FoundCrossover[] {
  const valuesOf = (parameter: string): number[] =>
    info.parameters.find(({ id }) => id === parameter)?.values.map(Number) ?? [];
  const [workers] = valuesOf('workers');
  return RCU_IDS.flatMap((id) => {
    const points = pointsOf(rows, id, valuesOf('writes'), workers!);
    const rounds = Math.min(...points.map(({ own }) => own.length));
    if (points.length < 2 || rounds < ROUNDS_MIN) return [];
    return [{ id, crossover: estimateCrossover(points), shares: points.map(({ x }) => x), rounds }];
  });
}

/** Null when there is no kind of RCU, no lock, or too few rounds. */
export function answerWriteShare(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const found = findCrossovers(rows, info);
  const workers = info.parameters.find(({ id }) => id === 'workers')!.values[0]!;
  if (found.length === 0) return null;
  const isClear = ({ low, crossing }: Crossover): boolean => low !== null || crossing < 0.05;
  return {
    scenario: info.id,
    headline: `${found.map(({ id, crossover }) => shortCrossover(id, crossover)).join('; ')}.`,
    text: `With ${workers} workers, ${found.map(({ id, crossover }) => spellCrossover(id, crossover)).join('; ')}.`,
    verdict: found.every(({ crossover }) => isClear(crossover)) ? 'proved' : 'open',
    caveats: [
      `${Math.min(...found.map(({ rounds }) => rounds))} rounds`,
      'best lock: the fastest at each share, which favours the locks',
      ...info.limits.slice(0, 2),
    ],
  };
}
