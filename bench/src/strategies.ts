// The strategies that the bench knows. Modules are imported on demand: a process that measures loads one strategy only,
// because a V8 call site that has seen more than four classes turns slow.

import type { Strategy } from '@zsmalloc/core/strategy';

/** Where a strategy comes from. */
export interface StrategyEntry {
  readonly id: string;
  readonly module: string;
  readonly exportName: string;
}

const entry = (module: string, exportName: string): StrategyEntry => ({ id: exportName, module, exportName });

/** In the order of the tables. An entry whose package does not export it yet is left out of the run. */
export const STRATEGIES: readonly StrategyEntry[] = [
  entry('@zsmalloc/lock-spin', 'bigLock'),
  entry('@zsmalloc/lock-spin', 'spin'),
  entry('@zsmalloc/lock-rwsem', 'rwsem'),
  entry('@zsmalloc/lock-custom', 'preemptible'),
  entry('@zsmalloc/lock-custom', 'preemptibleAtomic'),
  entry('@zsmalloc/lock-custom', 'preemptibleDirect'),
  entry('@zsmalloc/lock-rcu', 'rcu'),
  entry('@zsmalloc/lock-rcu', 'rcuTurn'),
  entry('@zsmalloc/lock-rcu', 'rcuSynchronize'),
];

/** What all others are compared with: one lock for everything. */
export const BASELINE_ID = 'bigLock';

async function importExport({ module, exportName }: StrategyEntry): Promise<unknown> {
  const exports = (await import(module)) as Record<string, unknown>;
  return exports[exportName];
}

/** The strategies whose packages export them. */
export async function availableStrategies(): Promise<string[]> {
  const exported = await Promise.all(STRATEGIES.map(importExport));
  return STRATEGIES.filter((_, index) => exported[index] !== undefined).map(({ id }) => id);
}

/** Imports one strategy, and no other package. */
export async function loadStrategy(id: string): Promise<Strategy> {
  const found = STRATEGIES.find((candidate) => candidate.id === id);
  const strategy = found && (await importExport(found));
  if (strategy === undefined) throw new Error(`cannot load strategy "${id}": no package exports it.`);
  return strategy as Strategy;
}
