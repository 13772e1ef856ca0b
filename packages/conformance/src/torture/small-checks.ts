// Torture on a small pool: few words, so that agents meet all the time.

import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check, CheckContext, Finding, Histogram } from '../check.ts';
import { checkQuiet } from '../model/small-program.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { CONTROL } from './control.ts';
import { CORES, Crew, pauseMs } from './crew.ts';
import type { CrewEnd, CrewOptions } from './crew.ts';
import { findingOf, perAgent, sumOf, unlessIdle } from './finding.ts';
import { SHARED_CELL, SHARED_VALUE, WRITER_CELL } from './section-roles.ts';
import { attachSmall, smallMemory } from './small-memory.ts';
import type { SmallMemory } from './small-memory.ts';

/** Starting and ending workers takes this long, of the time that there is. */
const START_SHARE = 0.6;
const RUN_MS_MIN = 100;

const twoObjects = (agent: SmallAgent): void => {
  agent.malloc(SHARED_CELL, 0, SHARED_VALUE);
  agent.malloc(WRITER_CELL, 0, 1);
};

const runMsOf = ({ budgetMs }: CheckContext): number => Math.max(RUN_MS_MIN, budgetMs * START_SHARE);

interface SmallRun {
  readonly end: CrewEnd;
  readonly crew: Crew;
}

/** Runs a crew on a small pool, and looks at the pool when all have left. */
async function runSmall(
  context: CheckContext,
  roles: readonly string[],
  more: Partial<CrewOptions> & { readonly churns?: boolean } = {},
): Promise<SmallRun> {
  const { subject, seed } = context;
  const memory = smallMemory(subject.strategy, roles.length, twoObjects);
  const data = { memory, churns: more.churns === true };
  const crew = new Crew({ subject, seed, roles, data, runMs: runMsOf(context), ...more });
  let end = await crew.run();
  if (end.wrong === undefined) end = { ...end, wrong: lookAt(context, memory, roles.length) };
  return { end, crew };
}

/** What is wrong with a pool that nobody uses any more. */
function lookAt({ subject }: CheckContext, memory: SmallMemory, agents: number): string | undefined {
  const agent = attachSmall(subject.strategy, memory, agents + 1);
  agent.agent.mayBlock = false;
  try {
    checkQuiet(agent);
    const value = agent.read(SHARED_CELL);
    return value === SHARED_VALUE ? undefined : `the shared object is ${value} at the end, not ${SHARED_VALUE}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const sections: Check = {
  id: 'torture-sections',
  title: 'sections, reads, writes and moves on real threads',
  kind: 'torture',
  rows: [1, 4, 14, 18],
  weight: 3,
  async run(context): Promise<Finding> {
    const roles = ['locks', 'moves', 'reads', 'writes', 'locks', 'reads', 'locks'];
    const { end } = await runSmall(context, roles, { stutters: true, churns: true });
    const counts = { sections: sumOf(end, 'sections'), moves: sumOf(end, 'moves') };
    return unlessIdle(
      findingOf(end, counts, [perAgent('sections of each agent', end, 'sections')]),
      'sections',
      'moves',
    );
  },
};

/** Sections in which the others run. Also the control of torture: locks that do nothing show at once here. */
export const lingering: Check = {
  id: 'torture-lingering',
  title: 'sections that sleep inside, on real threads',
  kind: 'torture',
  rows: [1, 4],
  weight: 0.5,
  async run(context): Promise<Finding> {
    const { end } = await runSmall(context, ['lingers', 'lingers', 'lingers']);
    return findingOf(end, { sections: sumOf(end, 'sections') });
  },
};

/**
 * Sections an agent that there must be with eight times as many agents as cores. A queue that parks has hundreds, on a busy
 * machine too; one that spins serves the few that run, and then waits for the scheduler each time.
 */
const SECTIONS_MIN = 10;
const CROWD = 8;
/** Pairs of stages, few and many agents by turns: a busy machine is busy in both. */
const PAIRS = 2;

const oversubscribed: Check = {
  id: 'torture-oversubscribed',
  title: `as many agents as cores, and ${CROWD} times as many, on one lock`,
  kind: 'torture',
  rows: [4, 5],
  weight: 3,
  async run(context): Promise<Finding> {
    const roles = Array.from({ length: Math.min(32, Math.max(2, CORES) * CROWD) }, () => 'oneLock');
    const few = roles.length / CROWD;
    const done = { few: 0, many: 0 };
    const stageMs = Math.max(80, runMsOf(context) / (2 * PAIRS));
    const direct = async (crew: Crew): Promise<void> => {
      for (let pair = 0; pair < PAIRS && !crew.failed; pair++) {
        for (const [stage, active] of [
          ['few', few],
          ['many', roles.length],
        ] as const) {
          crew.set(CONTROL.active, active);
          // Who comes first has the lock to itself: they are counted when all have come.
          await pauseMs(stageMs / 2);
          const before = crew.done();
          await pauseMs(stageMs / 2);
          done[stage] += crew.done() - before;
        }
      }
    };
    const { end } = await runSmall(context, roles, { direct });
    const counts = { agents: roles.length, 'sections of few': done.few, 'sections of many': done.many };
    const histograms = [perAgent('sections of each agent', end, 'sections')];
    if (end.wrong === undefined && done.many < SECTIONS_MIN * roles.length) {
      const message = `${roles.length} agents on ${CORES} cores get ${done.many} times into a lock in the time in which ${few} get into it ${done.few} times. Waiters probably hand the lock to agents that do not run`;
      return { ...findingOf(end, counts, histograms), verdict: 'failed', defect: { message, rows: [5] } };
    }
    return findingOf(end, counts, histograms);
  },
};

const meeting: Check = {
  id: 'torture-readers-meet',
  title: 'two readers on real threads wait for each other inside their reads',
  kind: 'torture',
  rows: [2],
  weight: 0.5,
  async run(context): Promise<Finding> {
    const direct = async (crew: Crew): Promise<void> => {
      const endMs = performance.now() + runMsOf(context) + 4000;
      while (crew.control[CONTROL.stage] === 0 && performance.now() < endMs && !crew.failed) await pauseMs(5);
    };
    const { end, crew } = await runSmall(context, ['meets', 'meets'], { direct });
    const meetings = crew.control[CONTROL.stage];
    if (end.wrong !== undefined || meetings > 0) return findingOf(end, { meetings: sumOf(end, 'meetings') });
    const message = 'concurrentReads is declared, but two readers never met inside reads of one object';
    return { ...findingOf(end, { meetings: 0 }), verdict: 'failed', defect: { message } };
  },
};

/** Times that the updater must have looked for a free slot, before it is said that there is none. */
const STALLS_MIN = 200;

const pipe: Check = {
  id: 'torture-pipe',
  title: 'readers look how old an object has become that is freed under them',
  kind: 'torture',
  rows: [13, 14, 16, 17],
  weight: 2,
  fits: ({ freeDuringRead }: Capabilities) => freeDuringRead,
  async run(context): Promise<Finding> {
    const roles = ['pipeUpdater', 'pipeReader', 'pipeReader', 'pipeReader'];
    const { end } = await runSmall(context, roles, { stutters: true });
    const ages = ['age 0', 'age 1', 'age 2+'];
    const buckets = Object.fromEntries(ages.map((age) => [age, sumOf(end, age)]));
    const histogram: Histogram = { title: 'reads by the age of what they read; 2 and more must be 0', buckets };
    const counts = { reads: ages.reduce((sum, age) => sum + sumOf(end, age), 0), updates: sumOf(end, 'updates') };
    const finding = unlessIdle(findingOf(end, counts, [histogram]), 'reads', 'updates');
    if (finding.defect !== undefined || counts.updates > 0 || sumOf(end, 'stalls') < STALLS_MIN) return finding;
    const message = 'nothing was reclaimed although readers came and went: an updater found no free slot any more';
    return { ...finding, verdict: 'failed', defect: { message, rows: [14] } };
  },
};

/** Lookups that may typically pass a waiting mover where writers come first: those of one time slice are no order. */
const PASSED_MAX = 5000;
const MOVES_MIN = 3;
const LOOKUPS_MANY = 1_000_000;

const moversAmongReaders: Check = {
  id: 'torture-movers-among-readers',
  title: 'a mover shuts out readers that never pause',
  kind: 'torture',
  rows: [6],
  weight: 1,
  fits: ({ fairness }) => fairness === 'writer-first' || fairness === 'phase-fair',
  async run(context): Promise<Finding> {
    const { end } = await runSmall(context, ['shutsOut', 'looksUp', 'looksUp', 'looksUp']);
    const moves = sumOf(end, 'moves');
    const passed = sumOf(end, 'passed');
    const finding = findingOf(end, { moves, lookups: sumOf(end, 'lookups') }, [
      {
        title: 'lookups that passed a waiting mover',
        buckets: { median: passed, most: sumOf(end, 'passedMost') },
      },
    ]);
    const isShutOut = moves < MOVES_MIN ? sumOf(end, 'lookups') > LOOKUPS_MANY : passed > PASSED_MAX;
    if (finding.defect !== undefined || !isShutOut) return finding;
    const message = `writers come first, as declared, but a mover that waits is typically passed by ${passed} lookups; it got in ${moves} times`;
    return { ...finding, verdict: 'failed', defect: { message } };
  },
};

/** See the head of the file. */
export const smallTortureChecks: readonly Check[] = [
  sections,
  lingering,
  oversubscribed,
  meeting,
  pipe,
  moversAmongReaders,
];
