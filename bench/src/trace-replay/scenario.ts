// Replays of recorded applications as a scenario: the user's with `--trace FILE`, or the ones that come with the bench.

import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { WARM_UP_METRICS } from '../crew/warm-up.ts';
import { LATENCY_METRICS } from '../scenarios/cells.ts';
import { baselineOf, leftOut, tellingOf } from '../scenarios/choices.ts';
import { HARNESS_ID } from '../strategies.ts';
import { answerTrace } from './answer.ts';
import { shippedTraces, traceName } from './load.ts';
import { measureTrace } from './measure.ts';
import type { TracePlan } from './measure.ts';

const METRICS: readonly Metric[] = [
  { id: 'opsPerSecond', label: 'calls of the trace', unit: 'ops/s', better: 'higher' },
  ...LATENCY_METRICS,
  { id: 'nsPerCall', label: 'time of a call, waiting left out', unit: 'ns', better: 'lower' },
  { id: 'waitShare', label: 'share of time waiting for other agents', unit: 'ratio', better: 'neither' },
  { id: 'overheadPeak', label: 'most bytes used / most stored', unit: 'ratio', better: 'lower' },
  { id: 'overheadHalf', label: 'used / stored at half of the peak', unit: 'ratio', better: 'lower' },
  { id: 'overheadCompacted', label: 'the same, compacted', unit: 'ratio', better: 'lower' },
  { id: 'compactMs', label: 'that compaction', unit: 'ms', better: 'lower' },
  { id: 'objectsMoved', label: 'objects that it moved', unit: 'count', better: 'neither' },
  { id: 'laps', label: 'laps measured', unit: 'count', better: 'neither' },
  ...WARM_UP_METRICS,
];

const LIMITS = [
  'A replay keeps the order of each agent, and that an object is filled before others use it and used before it is freed; it does not keep pauses, except that no agent runs more than 4096 calls ahead of another',
  'Time that an agent waits for another is part of the throughput, and of no latency: waitShare says how much it is',
  'Memory is measured in a pass by one agent in the order of the trace',
  'Objects above 4096 bytes are replayed as several',
  'A strategy whose readers cannot hold across await reads instead',
];

/** Start of the process, reading the trace, and the pass for memory. */
const JOB_SECONDS = 1;
/** Warm-up, start of the workers, and the lap whose order is checked. */
const CELL_SECONDS = 1;

/** Strategies that differ in how they allocate, read and free. */
const TELLING = ['bigLock', 'spin', 'rwsem', 'preemptibleDirect', 'rcu'];
/** Of the traces that come with the bench, those that tell most: threads that free what others allocate, and one without. */
const TELLING_TRACES = ['git-grep', 'node-zlib', 'python-json'];

function tracesOf({ traces, quick, full }: RunOptions): readonly string[] {
  if (traces.length > 0) return traces;
  const shipped = shippedTraces();
  if (quick) return shipped.slice(0, 1);
  return full ? shipped : shipped.filter((path) => TELLING_TRACES.includes(traceName(path)));
}

/** All of them for an application of the user's. */
function strategiesOf(options: RunOptions): readonly string[] {
  return options.traces.length > 0 ? options.strategyIds : tellingOf(options, TELLING);
}

function copiesOf({ cores, full }: RunOptions): number[] {
  return full && cores > 1 ? [1, cores] : [1];
}

export const traceScenario: Scenario = {
  describe(options): ScenarioInfo {
    return {
      id: 'trace',
      title: 'Recorded applications',
      question: null,
      description:
        "Replays what real programs did with their allocator, one worker for each of the program's agents, several copies side by side on one pool; every read compares all bytes.",
      metrics: METRICS,
      parameters: [
        { id: 'trace', label: 'trace', values: tracesOf(options).map(traceName) },
        { id: 'copies', label: 'copies side by side', values: copiesOf(options) },
      ],
      baseline: baselineOf(options),
      limits: options.traces.length > 0 ? LIMITS : [...LIMITS, ...leftOut(options, TELLING)],
    };
  },
  jobs(options, round, seed): Job[] {
    const copies = copiesOf(options);
    const seconds = JOB_SECONDS + copies.length * (options.seconds + CELL_SECONDS);
    return tracesOf(options).flatMap((path) =>
      [...strategiesOf(options), HARNESS_ID].map((subject) => {
        const plan: TracePlan = { path, copies, seconds: options.seconds };
        return { scenario: 'trace', subject, seed: seed + round, plan: { ...plan }, seconds };
      }),
    );
  },
  answer: answerTrace,
  measure({ subject, plan }) {
    return measureTrace(subject, plan as unknown as TracePlan);
  },
};
