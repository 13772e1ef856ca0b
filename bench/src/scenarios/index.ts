// The scenarios of the bench: id -> module. A scenario is one line here and one file beside this one.

import type { Scenario } from '../model/scenario.ts';

interface ScenarioModule {
  readonly scenario: Scenario;
}

async function importPattern(id: string): Promise<ScenarioModule> {
  return { scenario: (await import('../patterns/scenario.ts')).patternScenario(id) };
}

/** In the order of the report. Imported on demand: a measured process loads one. */
const SCENARIOS: Readonly<Record<string, () => Promise<ScenarioModule>>> = {
  preempted: () => import('./preempted.ts'),
  writeShare: () => import('./write-share.ts'),
  sleepers: () => import('./sleepers.ts'),
  memory: () => import('./memory.ts'),
  lockdep: () => import('./lockdep.ts'),
  replay: () => import('./replay.ts'),
  trace: async () => ({ scenario: (await import('../trace-replay/scenario.ts')).traceScenario }),
  'put-get': async () => ({ scenario: (await import('../peers/scenario.ts')).putGetScenario }),
  larson: () => importPattern('larson'),
  'xmalloc-test': () => importPattern('xmalloc-test'),
  'alloc-test': () => importPattern('alloc-test'),
  mstress: () => importPattern('mstress'),
  'cache-scratch': () => importPattern('cache-scratch'),
  'cache-thrash': () => importPattern('cache-thrash'),
  goals: async () => ({ scenario: (await import('../goals/scenario.ts')).goalsScenario }),
  micro: () => import('./micro.ts'),
  compaction: () => import('./compaction.ts'),
  density: () => import('./density.ts'),
  metadata: () => import('./metadata.ts'),
  recovery: () => import('./recovery.ts'),
};

/** Run when asked for by name, or with --full: the rest is to fit into five minutes. */
const ON_REQUEST: readonly string[] = [
  'metadata',
  'recovery',
  'compaction',
  'trace',
  'put-get',
  'larson',
  'xmalloc-test',
  'alloc-test',
  'mstress',
  'cache-scratch',
  'cache-thrash',
  'goals',
];

export const SCENARIO_IDS: readonly string[] = Object.keys(SCENARIOS);

/** What a run measures when no scenario is named. */
export const DEFAULT_IDS: readonly string[] = SCENARIO_IDS.filter((id) => !ON_REQUEST.includes(id));

/** Imports one scenario. @throws when there is none of that id. */
export async function loadScenario(id: string): Promise<Scenario> {
  const load = SCENARIOS[id];
  if (load === undefined) throw new Error(`there is no scenario "${id}"; there are ${SCENARIO_IDS.join(', ')}.`);
  return (await load()).scenario;
}
