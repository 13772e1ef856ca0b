// The goals: their kernels leave nothing behind and see wrong contents, and their verdicts follow from the rounds.

import { createPool } from '@zsmalloc/core';
import { bigLock } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { CheckError } from '../src/checks.ts';
import { GOALS } from '../src/goals/goal-list.ts';
import { SHARED_WORDS } from '../src/goals/kernel.ts';
import type { GoalHeap } from '../src/goals/kernel.ts';
import { createKernel, drainShare, prepareShare } from '../src/goals/kernels.ts';
import { goalResults } from '../src/goals/results.ts';
import { ThingGoalHeap } from '../src/goals/thing-goal-heap.ts';
import { WasmHeap } from '../src/goals/wasm-heap.ts';
import { WORKLOADS } from '../src/goals/workloads.ts';
import type { GoalResult } from '../src/model/goal.ts';
import type { Cell } from '../src/model/measurement.ts';

const AGENTS = 2;
const RUNS = 4;

/** All agents of a workload in turn, to the end; returns their operations. */
function runInTurn(workload: string, heap: GoalHeap): number {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_WORDS * 4));
  prepareShare(workload, heap, words, AGENTS);
  const kernels = Array.from({ length: AGENTS }, (_, index) =>
    createKernel(workload, heap, { index, agents: AGENTS, words }),
  );
  let operations = 0;
  for (let run = 0; run < RUNS; run++) for (const kernel of kernels) operations += kernel.run();
  for (const kernel of kernels) kernel.end();
  drainShare(workload, heap, words);
  return operations;
}

describe.each(WORKLOADS)('$id', ({ id }) => {
  it('frees what it allocates, on a pool', () => {
    const pool = createPool({ bytes: 2 ** 25, strategy: bigLock });
    expect(runInTurn(id, pool)).toBeGreaterThan(0);
    pool.verify();
    expect(pool.stats().objects).toBe(0);
  });

  it('runs on @thi.ng/malloc', () => {
    expect(runInTurn(id, ThingGoalHeap.create(2 ** 25, true))).toBeGreaterThan(0);
  });
});

describe.each(WORKLOADS.filter(({ stores, sizeBytes }) => stores || sizeBytes === 8))(
  '$id, on a broken heap',
  ({ id }) => {
    it('sees that an object is not what was written', () => {
      const pool = createPool({ bytes: 2 ** 25, strategy: bigLock });
      const forgetful: GoalHeap = {
        malloc: (size) => pool.malloc(size),
        free: (handle) => pool.free(handle),
        write: () => {},
        readInto: (handle, target) => pool.readInto(handle, target),
      };
      expect(() => runInTurn(id, forgetful)).toThrow(CheckError);
    });
  },
);

describe('the heap in wasm', () => {
  it('is one heap for several instances', { timeout: 60_000 }, async () => {
    const first = await WasmHeap.create(2 ** 24, false);
    const second = WasmHeap.attach(first.descriptor());
    const addresses = [first, second, first, second].map((heap) => heap.malloc(100));
    expect(new Set(addresses).size).toBe(4);
    first.write(addresses[1]!, new Uint8Array(100).fill(9));
    const target = new Uint8Array(100);
    second.readInto(addresses[1]!, target);
    expect(target.every((byte) => byte === 9)).toBe(true);
    for (const address of addresses) second.free(address);
    expect(runInTurn('larson', first)).toBeGreaterThan(0);
  });
});

const cellOf = (subject: string, round: number, opsPerSecond: number, agents = 1): Cell => ({
  scenario: 'goals',
  subject,
  parameters: { workload: 'pair', agents },
  round,
  metrics: { opsPerSecond, pagesUsed: null },
  histograms: {},
  verified: { objects: 0, bytes: 0, pools: 0 },
});

const SUBJECTS = [
  { id: 'spin', kind: 'strategy' as const, title: 'spin' },
  { id: 'native-glibc', kind: 'peer' as const, title: 'glibc' },
  { id: 'thing-spin', kind: 'peer' as const, title: 'slow package' },
  { id: 'wasm-tlsf', kind: 'peer' as const, title: 'fast package' },
];

function verdictOf(own: readonly number[], glibc: number): GoalResult {
  const cells = own.flatMap((rate, round) => [cellOf('spin', round, rate), cellOf('native-glibc', round, glibc)]);
  return goalResults(cells, SUBJECTS).find(({ goal }) => goal === 'glibc:pair/1')!;
}

describe('verdicts', () => {
  it('are met, missed or open as the interval lies', () => {
    expect(verdictOf([20, 21, 22, 20, 21, 22], 10)).toMatchObject({ verdict: 'met', against: 'native-glibc' });
    expect(verdictOf([5, 5, 6, 5, 6, 5], 10)).toMatchObject({ verdict: 'missed' });
    expect(verdictOf([5, 20, 5, 20, 5, 20], 10)).toMatchObject({ verdict: 'open' });
  });

  it('stay open with fewer than six rounds', () => {
    expect(verdictOf([20, 20, 20], 10)).toMatchObject({ verdict: 'open', ratio: { median: 0.5 } });
  });

  it('compare with the fastest package', () => {
    const cells = [0, 1, 2, 3, 4, 5].flatMap((round) => [
      cellOf('spin', round, 10),
      cellOf('thing-spin', round, 1),
      cellOf('wasm-tlsf', round, 5),
    ]);
    const found = goalResults(cells, SUBJECTS).find(({ goal }) => goal === 'package:pair/1')!;
    expect(found).toMatchObject({ against: 'wasm-tlsf', verdict: 'met', ratio: { median: 0.5 } });
  });

  it('say why nothing was measured', () => {
    const results = goalResults([cellOf('spin', 0, 1)], SUBJECTS);
    expect(new Set(results.map(({ goal }) => goal))).toEqual(new Set(GOALS.map(({ id }) => id)));
    for (const { verdict, why, ratio } of results) {
      expect(why === null).toBe(ratio !== null);
      expect(verdict === 'not measured').toBe(ratio === null);
    }
    expect(goalResults([], SUBJECTS)).toEqual([]);
  });
});
