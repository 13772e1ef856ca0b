// Replays on real workers: what the plan says is what is done, and a replay that ignores it is found out.

import { fileURLToPath } from 'node:url';
import { createPool } from '@zsmalloc/core';
import { preemptibleDirect } from '@zsmalloc/lock-custom';
import { spin } from '@zsmalloc/lock-spin';
import { OP, TraceBuilder, summarizeTrace } from '@zsmalloc/trace';
import type { Trace } from '@zsmalloc/trace';
import { describe, expect, it } from 'vitest';
// The built files: workers are started from them.
import { checkOrder } from '../dist/trace-replay/order-check.js';
import { loadTrace, shippedTraces, traceName } from '../dist/trace-replay/load.js';
import { replayPlan } from '../dist/trace-replay/measure.js';
import { CALL_WORDS, FLAG, planReplay } from '../dist/trace-replay/plan.js';
import type { ReplayPlan } from '../dist/trace-replay/plan.js';
import { splitLarge } from '../dist/trace-replay/split-large.js';
import { Random } from '../src/random.ts';

const SEED = Number(process.env['TRACE_SEED'] ?? Date.now() % 1_000_000);
console.log(`trace replay: seed ${SEED} (TRACE_SEED repeats it)`);
const AGENTS = 3;

/** Objects wander between agents: nearly every call depends on another agent's. */
function wanderingTrace(events: number): Trace {
  const random = new Random(SEED);
  const builder = new TraceBuilder();
  const live: number[] = [];
  const held: [number, number][] = [];
  while (builder.count < events) {
    const agent = random.below(AGENTS);
    const at = random.below(Math.max(1, live.length));
    const object = live[at];
    const dice = random.below(12);
    if (object === undefined || dice < 4) {
      const size = 1 + random.below(600);
      live.push(builder.malloc(agent, size));
      if (dice === 0) builder.add(OP.write, agent, live.at(-1)!, size, 0);
    } else if (dice < 7) builder.add(OP.read, agent, object, 0, 0);
    else if (dice < 8) builder.add(OP.write, agent, object, Math.ceil(builder.sizeOf(object) / 2), 0);
    else if (dice < 9) {
      builder.add(OP.hold, agent, object, 0, 0);
      held.push([agent, object]);
    } else if (dice < 10 && held.length > 0) {
      const [holder, name] = held.shift()!;
      builder.add(OP.release, holder, name, 0, 0);
    } else {
      live.splice(at, 1);
      builder.add(OP.free, agent, object, 0, 0);
    }
  }
  for (const [holder, name] of held) builder.add(OP.release, holder, name, 0, 0);
  const agents = Array.from({ length: AGENTS }, (_, index) => ({ name: `${index}`, lost: 0 }));
  return builder.finish({ objectBytesMax: 4096, agents, dropped: 0 });
}

/** The plan with some flags taken away from all calls. */
function without(plan: ReplayPlan, flags: number): ReplayPlan {
  for (const { calls } of plan.agents) {
    const words = new Int32Array(calls);
    for (let word = 0; word < words.length; word += CALL_WORDS) words[word]! &= ~flags;
  }
  return plan;
}

const newPool = () => createPool({ bytes: 2 ** 24, strategy: preemptibleDirect });

describe('a replay', () => {
  // replayPlan itself compares the recorded first lap with the plan, call by call.
  it.each([1, 2])('makes the calls of every agent in order, in %i copies', async (copies) => {
    const plan = planReplay(wanderingTrace(10_000));
    expect(plan.waits).toBeGreaterThan(1000);
    const pool = newPool();
    const { reports, laps } = await replayPlan(plan, 'preemptibleDirect', pool, true, copies, 0.1);
    expect(laps).toBeGreaterThanOrEqual(3);
    expect(reports.every(({ verified }) => verified > 500)).toBe(true);
    expect(reports.reduce((calls, report) => calls + report.calls, 0)).toBe(
      laps * copies * plan.agents.reduce((sum, { calls }) => sum + calls.byteLength / 4 / CALL_WORDS, 0),
    );
    pool.verify();
    expect(pool.stats().objects).toBe(0);
  });

  it('reads where the strategy has no holds', async () => {
    const pool = createPool({ bytes: 2 ** 24, strategy: spin });
    await replayPlan(planReplay(wanderingTrace(5000)), 'spin', pool, false, 1, 0.01);
    expect(pool.stats().objects).toBe(0);
  });

  it('is found out when it does not wait for other agents', async () => {
    const plan = without(planReplay(wanderingTrace(10_000)), FLAG.awaitReady | FLAG.awaitQuiet);
    await expect(replayPlan(plan, 'preemptibleDirect', newPool(), true, 1, 0.1)).rejects.toThrow(
      /ERR_ZS_BAD_HANDLE|is not what|has \d+ bytes|of the replay|no worker has allocated/,
    );
  });

  it('is found out when an agent makes its calls in another order', async () => {
    const plan = planReplay(wanderingTrace(3000));
    const recorded = await recordedLap(plan);
    expect(() => checkOrder(recorded)).not.toThrow();
    // Two neighbouring calls of agent 1 that differ are swapped in the plan, after the lap was made.
    const words = new Int32Array(plan.agents[1]!.calls);
    const at = findNeighbours(words);
    const kept = words.slice(at, at + CALL_WORDS);
    words.copyWithin(at, at + CALL_WORDS, at + 2 * CALL_WORDS);
    words.set(kept, at + CALL_WORDS);
    expect(() => checkOrder(recorded)).toThrow('of the replay is');
  });
});

async function recordedLap(plan: ReplayPlan) {
  const { reports } = await replayPlan(plan, 'preemptibleDirect', newPool(), true, 1, 0.01);
  return { plan, parts: reports.map(({ part }) => part!), mayHold: true };
}

/** Word of a read whose next call is a read of another object. */
function findNeighbours(words: Int32Array): number {
  for (let word = 0; word + CALL_WORDS < words.length; word += CALL_WORDS) {
    const isRead = (at: number): boolean => (words[at]! & 7) === OP.read;
    if (isRead(word) && isRead(word + CALL_WORDS) && words[word + 1] !== words[word + CALL_WORDS + 1]) return word;
  }
  throw new Error('the trace has no two reads in a row.');
}

describe('splitLarge', () => {
  it('makes pieces of what is too large, and one call on each of every call', () => {
    const builder = new TraceBuilder();
    const small = builder.malloc(0, 100);
    const large = builder.malloc(0, 10_000);
    builder.add(OP.write, 0, large, 10_000, 0);
    builder.add(OP.write, 0, large, 10, 4090);
    builder.add(OP.read, 0, small, 0, 0);
    builder.add(OP.free, 0, large, 0, 0);
    const whole = builder.finish({ objectBytesMax: 0, agents: [{ name: '', lost: 0 }], dropped: 0 });
    const { trace, largeObjects, pieces } = splitLarge(whole, 4096);
    expect([largeObjects, pieces]).toEqual([1, 3]);
    expect([...trace.sizes]).toEqual([100, 4096, 4096, 1808]);
    const { ops, objects, values, offsets, count } = trace.events;
    const listed = Array.from({ length: count }, (_, at) => [ops[at], objects[at], values[at], offsets[at]]);
    expect(listed).toEqual([
      [OP.malloc, 0, 100, 0],
      [OP.malloc, 1, 4096, 0],
      [OP.malloc, 2, 4096, 0],
      [OP.malloc, 3, 1808, 0],
      [OP.write, 1, 4096, 0],
      [OP.write, 2, 4096, 0],
      [OP.write, 3, 1808, 0],
      [OP.write, 1, 6, 4090],
      [OP.write, 2, 4, 0],
      [OP.read, 0, 0, 0],
      [OP.free, 1, 0, 0],
      [OP.free, 2, 0, 0],
      [OP.free, 3, 0, 0],
    ]);
    expect(splitLarge(trace, 4096).trace).toBe(trace);
  });
});

it('loadTrace names the file that it cannot read, and why', () => {
  const path = fileURLToPath(import.meta.url);
  expect(() => loadTrace(path)).toThrow(`cannot replay ${path}: `);
  expect(() => loadTrace(path)).toThrow('ERR_ZS_TRACE_FORMAT');
});

describe('the traces of bench/data', () => {
  it.each(shippedTraces().map((path) => [traceName(path), path]))('%s is sound', (_, path) => {
    const summary = summarizeTrace(loadTrace(path!));
    expect(summary.events).toBeGreaterThan(10_000);
    expect(summary.lost).toBe(0);
    expect(summary.peakLiveBytes).toBeGreaterThan(100_000);
  });

  it('hold programs with several threads that free what others have allocated', () => {
    const summaries = shippedTraces().map((path) => summarizeTrace(loadTrace(path)));
    expect(summaries.filter(({ agents, sharedObjects }) => agents.length > 1 && sharedObjects > 1000).length).toBe(2);
  });
});
