// Counts Atomics calls. The library looks `Atomics` up on each call, so a counting object can stand in for it.
// A process that counts must have done its timing before: the engine has seen the global change and compiles slower code.

import type { MicroOperation } from './micro-operations.ts';

const ROUNDS = 1000;

/** Atomics calls by method. */
export type AtomicsCalls = Readonly<Record<string, number>>;

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

/** Calls of each operation by its name, averaged over many. */
export function countOperations(operations: readonly MicroOperation[]): Map<string, AtomicsCalls> {
  return new Map(
    operations.map(({ name, run }) => {
      run(ROUNDS);
      const calls = countAtomics(() => run(ROUNDS));
      return [name, Object.fromEntries(Object.entries(calls).map(([method, count]) => [method, count / ROUNDS]))];
    }),
  );
}
