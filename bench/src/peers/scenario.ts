// Strategies beside what people use instead, where those can do the work at all: values that workers share.

import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { WARM_UP_METRICS } from '../crew/warm-up.ts';
import { CPU_METRIC, LATENCY_METRICS } from '../scenarios/cells.ts';
import { baselineOf, leftOut, tellingOf, workersOf } from '../scenarios/choices.ts';
import { HARNESS_ID } from '../strategies.ts';
import { findPeers, missingPeers } from './available.ts';
import { measureFlagged } from './flagged.ts';
import { measurePutGet } from './measure.ts';
import type { PutGetPlan } from './measure.ts';
import { THING_ATOMICS } from './subjects.ts';

const SIZES = [100, 1024, 4000];
const WORKERS = [1, 2];

const METRICS: readonly Metric[] = [
  { id: 'opsPerSecond', label: 'operations', unit: 'ops/s', better: 'higher' },
  CPU_METRIC,
  ...LATENCY_METRICS,
  { id: 'overhead', label: 'bytes used / stored', unit: 'ratio', better: 'lower' },
  ...WARM_UP_METRICS,
];

const LIMITS = [
  'The stores do different work: a pool finds a value by a table of handles, lmdb walks a tree, the Map crosses a thread twice',
  'A worker waits for each answer of the Map before it asks again; the Map has a thread of its own besides the workers',
  'lmdb commits each put and remove by itself, without syncing; bytes used are the size of its file, which never shrinks',
  '@thi.ng/malloc has one mutex around everything, copies included; bytes used are up to the top of its heap',
];

/** Strategies that differ in how they read and write. */
const TELLING = ['bigLock', 'spin', 'rwsem', 'preemptibleDirect', 'rcu'];

/** Warm-up, start of workers, and the checks at the end. */
const CELL_SECONDS = 0.6;

function sizesOf({ full }: RunOptions): readonly number[] {
  return full ? SIZES : [1024];
}

function workerCounts(options: RunOptions): readonly number[] {
  return workersOf(options, options.quick ? [2] : WORKERS);
}

export const putGetScenario: Scenario = {
  describe(options): ScenarioInfo {
    return {
      id: 'put-get',
      title: 'Shared values: pools beside peers',
      question: null,
      description:
        'Workers get, put and remove values under 1024 shared keys, 64 : 24 : 12, copied in and out; every get compares all bytes.',
      metrics: METRICS,
      parameters: [
        { id: 'size', label: 'bytes of a value', values: sizesOf(options) },
        { id: 'workers', label: 'workers', values: workerCounts(options) },
      ],
      baseline: baselineOf(options),
      limits: [...LIMITS, ...leftOut(options, TELLING), ...missingPeers(findPeers())],
    };
  },
  jobs(options, round, seed): Job[] {
    const peers = findPeers().filter(({ why }) => why === null);
    const sizes = sizesOf(options);
    const workers = workerCounts(options);
    const plan: PutGetPlan = { workers, sizes, seconds: options.seconds };
    const seconds = workers.length * sizes.length * (options.seconds + CELL_SECONDS);
    return [...tellingOf(options, TELLING), ...peers.map(({ id }) => id), HARNESS_ID].map((subject) => ({
      scenario: 'put-get',
      subject,
      seed: seed + round,
      plan: { ...plan },
      seconds,
    }));
  },
  subjects: () => findPeers().map(({ id, kind, title }) => ({ id, kind, title })),
  measure({ subject, plan, seed }) {
    const putGetPlan = plan as unknown as PutGetPlan;
    if (subject === THING_ATOMICS) return measureFlagged({ subject, plan: putGetPlan, seed });
    return measurePutGet({ subject, seed }, putGetPlan);
  },
};
