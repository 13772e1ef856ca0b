// Holds a run against the goals: ratios round by round, and what they say.

import type { GoalResult } from '../model/goal.ts';
import type { Cell, Subject } from '../model/measurement.ts';
import { CONFIDENCE, estimateMedian } from '../statistics/bootstrap.ts';
import { median } from '../statistics.ts';
import { GOALS } from './goal-list.ts';
import type { Goal } from './goal-list.ts';
import { isVariant, readSubject, variantsOf } from './variants.ts';

/** Values of a metric by round. */
type Series = ReadonlyMap<number, number>;

/** Finds what a run measured. */
class Measured {
  readonly #series: Map<string, Map<number, number>> = new Map();

  constructor(cells: readonly Cell[]) {
    for (const { scenario, subject, parameters, round, metrics } of cells) {
      if (scenario !== 'goals') continue;
      for (const [metric, value] of Object.entries(metrics)) {
        if (value === null) continue;
        const key = `${subject} ${parameters['workload']} ${parameters['agents']} ${metric}`;
        const series = this.#series.get(key) ?? new Map<number, number>();
        series.set(round, value);
        this.#series.set(key, series);
      }
    }
  }

  of(subject: string, workload: string, agents: number, metric: string): Series | undefined {
    return this.#series.get(`${subject} ${workload} ${agents} ${metric}`);
  }
}

/** What the ratio is made of; `over / under`, round by round. */
type Pair =
  | { readonly over: Series; readonly under: Series; readonly against: string | null }
  | { readonly why: string };

function fastest(measured: Measured, { workload, agents }: Goal['point'], peers: readonly string[]): string | null {
  const rates = peers.flatMap((id) => {
    const series = measured.of(id, workload, agents, 'opsPerSecond');
    return series === undefined ? [] : [{ id, rate: median([...series.values()]) }];
  });
  return rates.toSorted((left, right) => right.rate - left.rate)[0]?.id ?? null;
}

function pairOf(measured: Measured, goal: Goal, subject: string, packages: readonly string[]): Pair {
  const { workload, agents } = goal.point;
  const { against } = goal;
  if (against.kind === 'nothing') return { why: against.why };
  if (against.kind === 'uncached') {
    const over = measured.of(subject, workload, agents, 'pagesUsed');
    const under = measured.of(readSubject(subject).strategyId, workload, agents, 'pagesUsed');
    return over === undefined || under === undefined ? { why: NOT_RUN } : { over, under, against: null };
  }
  const own = measured.of(subject, workload, agents, 'opsPerSecond');
  if (own === undefined) return { why: NOT_RUN };
  if (against.kind === 'agents') {
    const fewer = measured.of(subject, workload, against.agents, 'opsPerSecond');
    return fewer === undefined ? { why: NOT_RUN } : { over: own, under: fewer, against: null };
  }
  const id = against.kind === 'subject' ? against.id : fastest(measured, goal.point, packages);
  const other = id === null ? undefined : measured.of(id, workload, agents, 'opsPerSecond');
  // Times are the inverse of rates.
  return other === undefined ? { why: `${id ?? 'no package'} took no part` } : { over: other, under: own, against: id };
}

const NOT_RUN = 'this run left the workload out';

function resultOf(measured: Measured, goal: Goal, subject: string, packages: readonly string[]): GoalResult {
  const { id, text, point, limit, bound } = goal;
  const common = { goal: id, text, parameters: { ...point }, subject, limit, bound };
  const pair = pairOf(measured, goal, subject, packages);
  if ('why' in pair) return { ...common, against: null, ratio: null, verdict: 'not measured', why: pair.why };
  const ratios = [...pair.over].flatMap(([round, value]) => {
    const other = pair.under.get(round);
    return other === undefined || other === 0 ? [] : [value / other];
  });
  if (ratios.length === 0)
    return { ...common, against: pair.against, ratio: null, verdict: 'not measured', why: 'no round has both' };
  const ratio = estimateMedian(ratios);
  const isMet = bound === 'atMost' ? ratio.high <= limit : ratio.low >= limit;
  const isMissed = bound === 'atMost' ? ratio.low > limit : ratio.high < limit;
  const isSure = ratio.confidence >= CONFIDENCE;
  const verdict = !isSure ? 'open' : isMet ? 'met' : isMissed ? 'missed' : 'open';
  return { ...common, against: pair.against, ratio, verdict, why: null };
}

/** The strategies' subjects that a goal is for. */
function subjectsOf({ caches }: Goal, strategies: readonly string[]): string[] {
  return strategies.flatMap((id) => variantsOf(id, caches));
}

/**
 * All goals for all strategies that took part in the scenario "goals"; empty where it did not run.
 *
 * @param subjects Of the run: peers from npm are those that are neither strategies nor native.
 */
export function goalResults(cells: readonly Cell[], subjects: readonly Subject[]): GoalResult[] {
  const own = cells.filter(({ scenario }) => scenario === 'goals');
  if (own.length === 0) return [];
  const took = new Set(own.map(({ subject }) => subject));
  const strategies = subjects.filter(({ id, kind }) => kind === 'strategy' && took.has(id)).map(({ id }) => id);
  const packages = subjects
    .filter(({ id, kind }) => kind === 'peer' && !id.startsWith('native-') && !isVariant(id))
    .map(({ id }) => id);
  const measured = new Measured(own);
  return GOALS.flatMap((goal) =>
    subjectsOf(goal, strategies).map((subject) => resultOf(measured, goal, subject, packages)),
  );
}
