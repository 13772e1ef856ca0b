// The goals, as ratios that are measured within one run. A goal compares one workload of a strategy with something else.

import { GLIBC, MIMALLOC } from '../patterns/native.ts';
import type { GoalPoint } from './measure.ts';
import { WORKLOADS } from './workloads.ts';

/** What a strategy is compared with. */
export type Against =
  /** The time that this subject takes for the same. */
  | { readonly kind: 'subject'; readonly id: string }
  /** The time of the fastest package that can do the same. */
  | { readonly kind: 'package' }
  /** The strategy's own rate with fewer agents. */
  | { readonly kind: 'agents'; readonly agents: number }
  /** The pages that the strategy uses without caches. */
  | { readonly kind: 'uncached' }
  /** Nothing that is here. */
  | { readonly kind: 'nothing'; readonly why: string };

/** A goal. */
export interface Goal {
  readonly id: string;
  readonly text: string;
  /** The limit of the ratio; times and pages must stay below theirs, rates of more agents above. */
  readonly limit: number;
  readonly bound: 'atMost' | 'atLeast';
  readonly point: GoalPoint;
  readonly against: Against;
  /** Which of a strategy's subjects it is for. */
  readonly caches: 'either' | 'off' | 'on';
}

const agentsText = (agents: number): string => (agents === 1 ? '1 agent' : `${agents} agents`);

/** Time against a native malloc, at most `limit` times. */
function native(workload: string, agents: number, id: string, limit: number): Goal {
  const name = id === GLIBC ? 'glibc' : 'mimalloc';
  return {
    id: `${name}:${workload}/${agents}`,
    text: `${workload}, ${agentsText(agents)}: time over ${name}'s`,
    limit,
    bound: 'atMost',
    point: { workload, agents },
    against: { kind: 'subject', id },
    caches: 'either',
  };
}

function scaling(workload: string, agents: number, fewer: number, limit: number): Goal {
  return {
    id: `scaling:${workload}/${agents}`,
    text: `${workload}: rate of ${agentsText(agents)} over that of ${agentsText(fewer)}`,
    limit,
    bound: 'atLeast',
    point: { workload, agents },
    against: { kind: 'agents', agents: fewer },
    caches: 'either',
  };
}

const everywhere: readonly GoalPoint[] = WORKLOADS.flatMap(({ id, agents }) =>
  agents.map((count) => ({ workload: id, agents: count })),
);

const best = (point: GoalPoint): Goal => ({
  id: `package:${point.workload}/${point.agents}`,
  text: `${point.workload}, ${agentsText(point.agents)}: time over the best package's`,
  limit: 1,
  bound: 'atMost',
  point,
  against: { kind: 'package' },
  caches: 'either',
});

const pages = (point: GoalPoint): Goal => ({
  id: `pages:${point.workload}/${point.agents}`,
  text: `${point.workload}, ${agentsText(point.agents)}: pages with caches over pages without`,
  limit: 1.2,
  bound: 'atMost',
  point,
  against: { kind: 'uncached' },
  caches: 'on',
});

const zsmalloc = (workload: string): Goal => ({
  id: `zsmalloc:${workload}/1`,
  text: `${workload}, 1 agent, no caches: time over native zsmalloc's`,
  limit: 1.3,
  bound: 'atMost',
  point: { workload, agents: 1 },
  against: { kind: 'nothing', why: 'there is no zsmalloc for user space to run beside' },
  caches: 'off',
});

const SIZES = [100, 1000, 4000];
const VALUES = [...SIZES.map((size) => `cycle-${size}`), 'access-100'];

/** In the order of the table. */
export const GOALS: readonly Goal[] = [
  ...['pair', 'larson'].flatMap((workload) => [native(workload, 1, GLIBC, 1), native(workload, 2, GLIBC, 1)]),
  ...['larson-shared', 'xmalloc-test'].map((workload) => native(workload, 2, MIMALLOC, 1)),
  ...SIZES.flatMap((size) => [native(`cycle-${size}`, 1, GLIBC, 3), native(`cycle-${size}`, 2, GLIBC, 3)]),
  ...VALUES.map((workload) => scaling(workload, 2, 1, 1.8)),
  ...VALUES.map((workload) => scaling(workload, 8, 2, 0.8)),
  ...['pair', 'larson'].map(zsmalloc),
  ...everywhere.map(pages),
  ...everywhere.map(best),
];
