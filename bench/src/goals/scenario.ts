// The goals as a scenario: strategies beside native mallocs and everything from npm that can do the work.

import { WARM_UP_METRICS } from '../crew/warm-up.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { GLIBC, isNative } from '../patterns/native.ts';
import { missingPeers } from '../peers/available.ts';
import { oversubscription } from '../scenarios/choices.ts';
import type { GoalPlan, GoalPoint } from './measure.ts';
import { goalPeers, goalStrategies, isStore } from './subjects.ts';
import { isVariant, variantTitle, variantsOf } from './variants.ts';
import { WORKLOADS } from './workloads.ts';
import type { Workload } from './workloads.ts';

const ID = 'goals';
/** Warm-up, start of the agents, and the checks at the end. */
const CELL_SECONDS = 0.8;
/** Many operations, and many turns of the agents' event loops. */
const MEASURED_SECONDS_MIN = 0.1;

const LIMITS = [
  'native rows have threads and pointers, and no handle that is checked, no compaction, and no death of an agent to survive',
  'the kernel’s zsmalloc does not run in user space, and no port of it is here: nothing is measured against it',
  'lmdb and the Map do the workloads with values only: they have keys and no handles, and a put replaces what was there',
  'pages used are those at the end, with all objects still there; peers do not tell them',
];

function workloadsOf({ quick }: RunOptions): readonly Workload[] {
  return quick ? WORKLOADS.filter(({ id }) => id === 'pair' || id === 'cycle-100') : WORKLOADS;
}

function agentsOf({ agents }: Workload, { workers }: RunOptions): readonly number[] {
  return workers.length === 0 ? agents : agents.filter((count) => workers.includes(count));
}

function pointsOf(options: RunOptions, subject: string): GoalPoint[] {
  return workloadsOf(options)
    .filter(({ stores }) => stores || !isStore(subject))
    .flatMap((workload) => agentsOf(workload, options).map((agents) => ({ workload: workload.id, agents })));
}

export const goalsScenario: Scenario = {
  describe(options): ScenarioInfo {
    const workloads = workloadsOf(options);
    const agents = [...new Set(workloads.flatMap((workload) => [...agentsOf(workload, options)]))];
    const glibc = goalPeers().find(({ id }) => id === GLIBC);
    return {
      id: ID,
      title: 'Goals: strategies beside native mallocs and packages',
      question: null,
      description: `The same tight loops for all: ${workloads.map(({ id, title, operation }) => `${id}: ${title} (an operation: ${operation})`).join('; ')}.`,
      metrics: [
        { id: 'opsPerSecond', label: 'operations of all agents', unit: 'ops/s', better: 'higher' },
        { id: 'pagesUsed', label: 'pages used with all objects there', unit: 'count', better: 'lower' },
        ...WARM_UP_METRICS,
      ],
      parameters: [
        { id: 'workload', label: 'workload', values: workloads.map(({ id }) => id) },
        { id: 'agents', label: 'agents', values: agents.toSorted((left, right) => left - right) },
      ],
      baseline: glibc?.why === null ? GLIBC : null,
      limits: [...LIMITS, ...oversubscription(options.cores, agents), ...missingPeers(goalPeers())],
    };
  },
  jobs(options, round, seed): Job[] {
    const peers = goalPeers().filter(({ why }) => why === null);
    return [...goalStrategies(options), ...peers.map(({ id }) => id)].map((subject) => {
      const measured = Math.max(options.seconds, MEASURED_SECONDS_MIN);
      const plan: GoalPlan = { points: pointsOf(options, subject), seconds: measured };
      const seconds = plan.points.length * (measured + CELL_SECONDS);
      return { scenario: ID, subject, seed: seed + round, plan: { ...plan }, seconds };
    });
  },
  subjects: (options) => [
    ...options.strategyIds
      .flatMap((id) => variantsOf(id))
      .filter(isVariant)
      .map((id) => ({ id, kind: 'peer' as const, title: variantTitle(id) })),
    ...goalPeers().map(({ id, kind, title }) => ({ id, kind, title })),
  ],
  async measure({ subject, plan }) {
    const goalPlan = plan as unknown as GoalPlan;
    if (isNative(subject)) return (await import('./native-cells.ts')).measureNativeGoals(subject, goalPlan);
    return (await import('./measure.ts')).measureGoals(subject, goalPlan);
  },
};
