// Micro: what the pool's operations and the strategies' primitives cost when nobody else wants them.
//
// Times are of blocks of operations, run in turn with blocks of the Atomics calls that they are made of: an operation takes
// 10 to 100 ns, which no clock here resolves. tinybench times the same blocks one operation after the other: a second
// opinion, by other code. Atomics calls are counted last, because counting spoils the compiled code.

import { Bench } from 'tinybench';
import { createAtomicsCalls } from '../atomics-calls.ts';
import { countOperations, totalCalls } from '../atomics-count.ts';
import type { AtomicsCalls } from '../atomics-count.ts';
import { CheckError, check } from '../checks.ts';
import { CLAIMS, COST_RATIO_MAX, isAsStated, statedCalls } from '../claims.ts';
import { MORE_NAMES, OPERATION_NAMES, createMicroOperations } from '../micro-operations.ts';
import type { MicroOperation } from '../micro-operations.ts';
import { timeInTurn } from '../micro-timing.ts';
import type { TimedBlocks } from '../micro-timing.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer, Job, RunOptions, Scenario } from '../model/scenario.ts';
import { CONFIDENCE } from '../statistics/bootstrap.ts';
import { median } from '../statistics.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import { roundsOf } from './answers/evidence.ts';
import { baselineOf } from './choices.ts';

const ID = 'micro';
const BLOCKS = 40;
const BLOCKS_FULL = 400;
const TINYBENCH_MS = 2;
const TINYBENCH_OPERATIONS = 1000;
const OPERATIONS: readonly string[] = [...Object.values(OPERATION_NAMES), ...Object.values(MORE_NAMES)];

function describe(options: RunOptions): ScenarioInfo {
  const unstated = options.strategyIds.filter((id) => CLAIMS[id] === undefined);
  return {
    id: ID,
    title: 'Cost of an uncontended operation against its Atomics calls',
    question: null,
    description:
      'One agent, a pool in a steady state. Blocks of 1000 operations run in turn with blocks of single Atomics calls of the same ' +
      'methods; ratio: time of the operation over time of its calls. The calls are counted too and must equal what src/claims.ts states.',
    metrics: [
      { id: 'ns', label: 'time', unit: 'ns', better: 'lower' },
      { id: 'ratio', label: 'time / time of its Atomics calls', unit: 'ratio', better: 'neither' },
      { id: 'calls', label: 'Atomics calls counted', unit: 'count', better: 'lower' },
      { id: 'callsStated', label: 'Atomics calls stated', unit: 'count', better: 'neither' },
      { id: 'callNs', label: 'one such Atomics call', unit: 'ns', better: 'neither' },
      { id: 'tinybenchNs', label: 'time by tinybench, same blocks', unit: 'ns', better: 'lower' },
    ],
    parameters: [{ id: 'operation', label: 'operation', values: OPERATIONS }],
    baseline: baselineOf(options),
    limits: [
      'uncontended: what a lock costs when nobody else wants it',
      ...(unstated.length === 0 ? [] : [`src/claims.ts states no calls for ${unstated.join(', ')}`]),
    ],
  };
}

function jobs({ strategyIds, full }: RunOptions, _round: number, seed: number): Job[] {
  const blocks = full ? BLOCKS_FULL : BLOCKS;
  return strategyIds.map((subject) => ({ scenario: ID, subject, seed, plan: { blocks }, seconds: full ? 1 : 0.35 }));
}

/** Median time of an operation by tinybench. */
async function timeByTinybench(operations: readonly MicroOperation[]): Promise<Map<string, number>> {
  const bench = new Bench({ time: TINYBENCH_MS, iterations: 20, warmup: false, retainSamples: true });
  for (const { name, run } of operations) bench.add(name, () => run(TINYBENCH_OPERATIONS));
  await bench.run();
  return new Map(
    bench.tasks.map(({ name, result }) => {
      check('latency' in result, `tinybench could not time "${name}".`);
      return [name, (result.latency.p50 * 1e6) / TINYBENCH_OPERATIONS];
    }),
  );
}

/** Time that the calls of an operation need by themselves, block by block. */
function neededNs(calls: AtomicsCalls, times: TimedBlocks): number[] {
  const series = Object.entries(calls).map(([method, count]) => {
    const timed = times.get(method);
    check(timed !== undefined, `an operation calls Atomics.${method}, whose time is not measured.`);
    return { count, timed };
  });
  const blocks = series[0]!.timed.length;
  return Array.from({ length: blocks }, (_, block) =>
    series.reduce((sum, { count, timed }) => sum + count * timed[block]!, 0),
  );
}

function metricsOf(
  subject: string,
  name: string,
  calls: AtomicsCalls,
  times: TimedBlocks,
): Record<string, number | null> {
  const blocks = times.get(name)!;
  const counted = totalCalls(calls);
  const needed = counted === 0 ? null : neededNs(calls, times);
  return {
    ns: median(blocks),
    ratio: needed === null ? null : median(blocks.map((ns, block) => ns / needed[block]!)),
    calls: counted,
    callsStated: statedCalls(subject, name),
    callNs: needed === null ? null : median(needed) / counted,
  };
}

/** Times the stated operations before the others have run: what the engine has seen shapes the code it compiles. */
function timeGroups(operations: readonly MicroOperation[], blocks: number): TimedBlocks[] {
  const stated: readonly string[] = Object.values(OPERATION_NAMES);
  const groups = [
    operations.filter(({ name }) => stated.includes(name)),
    operations.filter(({ name }) => !stated.includes(name)),
  ];
  return groups.map((group) => timeInTurn([...group, ...createAtomicsCalls()], blocks));
}

async function measure({ subject, plan }: Job): ReturnType<Scenario['measure']> {
  const id = strategyIdOf(subject);
  const { operations, pool } = createMicroOperations(await loadStrategy(id));
  const times = timeGroups(operations, plan['blocks'] as number);
  const tinybench = await timeByTinybench(operations);
  const counted = countOperations(operations);
  const wrong = operations
    .map(({ name }) => ({ name, calls: totalCalls(counted.get(name)!) }))
    .filter(({ name, calls }) => !isAsStated(id, name, calls))
    .map(({ name, calls }) => `${name}: ${calls} Atomics calls measured, ${statedCalls(id, name)} stated`);
  if (wrong.length > 0) throw new CheckError(`${id}, ${wrong.join('; ')}.`);
  const { objects, bytesStored } = pool.stats();
  pool.verify();
  pool.detach();
  return operations.map(({ name }) => ({
    scenario: ID,
    subject,
    parameters: { operation: name },
    metrics: {
      ...metricsOf(
        id,
        name,
        counted.get(name)!,
        times.find((group) => group.has(name))!,
      ),
      tinybenchNs: tinybench.get(name)!,
    },
    histograms: {},
    verified: { objects, bytes: bytesStored, pools: 1 },
  }));
}

function answer(rows: readonly Row[]): Answer | null {
  const stated: readonly string[] = Object.values(OPERATION_NAMES);
  const ratios = rows.filter(
    ({ metric, parameters }) => metric === 'ratio' && stated.includes(parameters['operation'] as string),
  );
  if (ratios.length === 0) return null;
  const within = ratios.filter(({ value }) => value.median <= COST_RATIO_MAX).length;
  const across = ratios.some(({ value }) => value.low <= COST_RATIO_MAX && value.high > COST_RATIO_MAX);
  const open = across || ratios.some(({ value }) => value.confidence < CONFIDENCE);
  return {
    scenario: ID,
    text:
      `${within} of ${ratios.length} uncontended operations cost at most ${COST_RATIO_MAX} times the Atomics calls that their ` +
      'protocol needs; every count of calls is the stated one.',
    verdict: open ? 'open' : 'proved',
    caveats: [`${roundsOf(ratios)} rounds`, ...(across ? [`some intervals reach across ${COST_RATIO_MAX}`] : [])],
  };
}

export const scenario: Scenario = { describe, jobs, measure, answer };
