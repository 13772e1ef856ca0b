// Q5: which debug checks, and at what cost: each uncontended operation with and without lockdep.
//
// One process times the plain strategy first and the checked one after it, so that the plain one is timed as if there were
// no lockdep. The checked one then finds call sites that have seen two classes, which costs it next to nothing.

import { withLockdep } from '@zsmalloc/lockdep';
import { MORE_NAMES, OPERATION_NAMES, createMicroOperations } from '../micro-operations.ts';
import { timeInTurn } from '../micro-timing.ts';
import type { TimedBlocks } from '../micro-timing.ts';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer, Job, RunOptions, Scenario } from '../model/scenario.ts';
import { median } from '../statistics.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import { highest, lowest, roundsOf, select } from './answers/evidence.ts';
import { metric } from './cells.ts';
import { leftOut, tellingOf } from './choices.ts';
import { CONFIDENCE } from '../statistics/bootstrap.ts';

const ID = 'lockdep';
const BLOCKS = 60;
const JOB_SECONDS = 0.5;
const OPERATIONS: readonly string[] = [...Object.values(OPERATION_NAMES), ...Object.values(MORE_NAMES)];

/** One of each kind of lock; the checks are the same for all. */
const TELLING: readonly string[] = ['spin', 'preemptibleAtomic', 'rcu'];

function describe(options: RunOptions): ScenarioInfo {
  return {
    id: ID,
    title: 'Debug checks: the cost of lockdep',
    question: 'Q5',
    description:
      'Uncontended operations under a strategy and under withLockdep(strategy), which checks lock order across agents, recursion, ' +
      'sleeping in atomic context, reads kept across turns, unlocks by strangers and leaks. Blocks of 1000 operations; nothing may be reported.',
    metrics: [
      metric('ratio', 'time with lockdep / time without', 'ratio'),
      metric('plainNs', 'time without lockdep', 'ns'),
      metric('checkedNs', 'time with lockdep', 'ns'),
    ],
    parameters: [{ id: 'operation', label: 'operation', values: OPERATIONS }],
    baseline: null,
    limits: [
      ...leftOut(options, TELLING),
      'uncontended, 1000 operations a turn; the checks at the end of a turn are spread over them',
    ],
  };
}

function jobs(options: RunOptions, _round: number, seed: number): Job[] {
  return tellingOf(options, TELLING).map((subject) => ({
    scenario: ID,
    subject,
    seed,
    plan: {},
    seconds: JOB_SECONDS,
  }));
}

interface Timed {
  readonly names: readonly string[];
  readonly times: TimedBlocks;
  readonly verified: { readonly objects: number; readonly bytes: number };
}

function timeStrategy(strategy: Strategy): Timed {
  const { operations, pool } = createMicroOperations(strategy);
  const times = timeInTurn(operations, BLOCKS);
  pool.verify();
  const { objects, bytesStored } = pool.stats();
  pool.detach();
  return { names: operations.map(({ name }) => name), times, verified: { objects, bytes: bytesStored } };
}

async function measure({ subject }: Job): ReturnType<Scenario['measure']> {
  const strategy = await loadStrategy(strategyIdOf(subject));
  const plain = timeStrategy(strategy);
  // Whatever lockdep finds it throws: then the cell fails.
  const checked = timeStrategy(withLockdep(strategy));
  return plain.names.map((name) => {
    const [plainNs, checkedNs] = [median(plain.times.get(name)!), median(checked.times.get(name)!)];
    return {
      scenario: ID,
      subject,
      parameters: { operation: name },
      metrics: { ratio: checkedNs / plainNs, plainNs, checkedNs },
      histograms: {},
      verified: { ...checked.verified, pools: 2 },
    };
  });
}

function answer(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const ratios = select(rows, 'ratio').filter(({ parameters }) =>
    (Object.values(OPERATION_NAMES) as unknown[]).includes(parameters['operation']),
  );
  if (ratios.length === 0) return null;
  const [least, most] = [lowest(ratios)!, highest(ratios)!];
  const spell = ({ subject, parameters, value }: Row): string =>
    `x${value.median.toFixed(2)} (${value.low.toFixed(2)} to ${value.high.toFixed(2)}; ${subject}, ${parameters['operation']})`;
  return {
    scenario: info.id,
    headline: `Lock order, recursion, sleeping in atomic context, foreign unlocks and leaks: ${least.value.median.toFixed(1)} to ${most.value.median.toFixed(1)} times the time of an operation while they are on, nothing while off.`,
    text:
      `With all checks of lockdep the pool's operations take ${spell(least)} to ${spell(most)} of their time without; ` +
      'code that does not ask for it runs no check and tests no flag.',
    verdict: ratios.every(({ value }) => value.confidence >= CONFIDENCE) ? 'proved' : 'open',
    caveats: [`${roundsOf(ratios)} rounds`, ...info.limits],
  };
}

export const scenario: Scenario = { describe, jobs, measure, answer };
