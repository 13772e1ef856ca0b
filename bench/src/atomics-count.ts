// Counts Atomics calls. The library looks `Atomics` up on each call, so a counting object can stand in for it.
// A process that counted must not time: the engine has seen the global change and compiles slower code.

import type { AtomicsCalls, CountResult } from './jobs.ts';
import { createMicroOperations } from './micro-operations.ts';
import type { Strategy } from '@zsmalloc/core/strategy';

const ROUNDS = 1000;

/** Runs `work` with a counting Atomics object and returns the calls by method. */
export function countAtomics(work: () => void): Record<string, number> {
  const real = globalThis.Atomics;
  const calls: Record<string, number> = {};
  const counting = Object.create(null) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(real)) {
    const method = (real as unknown as Record<string, unknown>)[name];
    if (typeof method !== 'function') continue;
    counting[name] = (...args: unknown[]): unknown => {
      calls[name] = (calls[name] ?? 0) + 1;
      return Reflect.apply(method, real, args);
    };
  }
  globalThis.Atomics = counting as unknown as Atomics;
  try {
    work();
  } finally {
    globalThis.Atomics = real;
  }
  return calls;
}

/** All calls of an operation together. */
export function totalCalls(calls: AtomicsCalls): number {
  return Object.values(calls).reduce((total, count) => total + count, 0);
}

/** Counts the calls of each operation, averaged over many. */
export function runCount(strategy: Strategy): CountResult {
  const { operations, pool } = createMicroOperations(strategy);
  const counted = operations.map(({ name, run }) => {
    run(ROUNDS);
    const calls = countAtomics(() => run(ROUNDS));
    return {
      operation: name,
      calls: Object.fromEntries(Object.entries(calls).map(([method, count]) => [method, count / ROUNDS])),
    };
  });
  pool.detach();
  return { strategyId: strategy.id, operations: counted };
}
