// The allocator patterns as scenarios.

import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { findPeers, missingPeers } from '../peers/available.ts';
import type { Peer } from '../peers/available.ts';
import { WARM_UP_METRICS } from '../crew/warm-up.ts';
import { CPU_METRIC, LATENCY_METRICS } from '../scenarios/cells.ts';
import { baselineOf, leftOut, oversubscription, tellingOf, workersOf } from '../scenarios/choices.ts';
import { HARNESS_ID } from '../strategies.ts';
import { findPattern } from './all.ts';
import { measurePattern } from './measure.ts';
import type { PatternPlan } from './measure.ts';
import { findNativePeers, isNative, measureNative } from './native.ts';
import { CACHES_SUFFIX, THING } from './subjects.ts';

const METRICS: readonly Metric[] = [
  { id: 'opsPerSecond', label: 'operations', unit: 'ops/s', better: 'higher' },
  CPU_METRIC,
  ...LATENCY_METRICS,
  { id: 'overhead', label: 'bytes used / stored', unit: 'ratio', better: 'lower' },
  { id: 'overheadPeak', label: 'most used / most stored', unit: 'ratio', better: 'lower' },
  { id: 'overheadCompacted', label: 'used / stored, compacted', unit: 'ratio', better: 'lower' },
  { id: 'refused', label: 'mallocs without room', unit: 'count', better: 'lower' },
  ...WARM_UP_METRICS,
];

const LIMITS = [
  'bytes / stored of @thi.ng/malloc counts up to the top of its heap: it gives nothing back below it',
  'Native rows have threads and pointers: a yardstick for the machine, and nothing that JavaScript workers could use',
  'The harness row is the pattern with an allocator that does nothing: what no allocator can be faster than here',
];

/** Strategies that differ in how they allocate and free. */
const TELLING = ['bigLock', 'spin', 'rwsem', 'preemptibleDirect', 'rcu'];

/** Strategies that are also measured with agent caches: the ones that a user of caches would choose first. */
const CACHED = ['spin', 'rcu'];

/** Subjects with agent caches, of the strategies that take part. */
function cachedOf(options: RunOptions): string[] {
  return tellingOf(options, TELLING).filter((strategyId) => CACHED.includes(strategyId));
}

/** Seconds besides measuring: warm-up, start of the process and its workers, and the checks at the end. */
const CELL_SECONDS = 0.6;

/** Numbers of workers: one for each core; with --full also one alone, and twice as many as cores. */
function workerCounts(options: RunOptions): readonly number[] {
  const { cores, full } = options;
  return workersOf(options, full ? [1, cores, cores * 2] : [cores]);
}

/** Peers that can run a pattern, or could. */
function peers(): Peer[] {
  return [...findPeers().filter(({ id }) => id === THING), ...findNativePeers()];
}

/** The scenario of a pattern. */
export function patternScenario(id: string): Scenario {
  const pattern = findPattern(id);
  return {
    describe(options): ScenarioInfo {
      return {
        id,
        title: pattern.title,
        question: null,
        description: `${pattern.description} An operation is ${pattern.operation}.`,
        metrics: METRICS,
        parameters: [{ id: 'workers', label: 'workers', values: workerCounts(options) }],
        baseline: baselineOf(options),
        limits: [
          ...LIMITS,
          ...oversubscription(options.cores, workerCounts(options)),
          ...leftOut(options, TELLING),
          ...missingPeers(peers()),
        ],
      };
    },
    jobs(options, round, seed): Job[] {
      const workers = workerCounts(options);
      const plan: PatternPlan = { workers, seconds: options.seconds };
      const seconds = workers.length * (options.seconds + CELL_SECONDS);
      const others = peers().filter(({ why }) => why === null);
      const cached = cachedOf(options).map((strategyId) => strategyId + CACHES_SUFFIX);
      return [...tellingOf(options, TELLING), ...cached, ...others.map((peer) => peer.id), HARNESS_ID].map(
        (subject) => ({
          scenario: id,
          subject,
          seed: seed + round,
          plan: { ...plan },
          seconds,
        }),
      );
    },
    // Not for choosing a strategy by: a pool of any strategy can have caches.
    subjects: (options) => [
      ...cachedOf(options).map((strategyId) => ({
        id: strategyId + CACHES_SUFFIX,
        kind: 'peer' as const,
        title: `${strategyId}, in a pool with agent caches`,
      })),
      ...peers().map(({ id: peer, kind, title }) => ({ id: peer, kind, title })),
    ],
    async measure(job) {
      const { subject, plan, seed } = job;
      const patternPlan = plan as unknown as PatternPlan;
      if (isNative(subject)) return measureNative(pattern, subject, patternPlan, seed);
      return measurePattern(pattern, job, patternPlan);
    },
  };
}
