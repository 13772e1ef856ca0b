// The strategies that the bench knows. Modules are imported on demand: a process that measures loads one strategy only,
// because a V8 call site that has seen more than four classes turns slow.

import type { Subject } from './model/measurement.ts';
import type { Strategy } from '@zsmalloc/core/strategy';

/** Where a strategy comes from. */
export interface StrategyEntry {
  readonly id: string;
  readonly title: string;
  readonly module: string;
  readonly exportName: string;
}

const entry = (module: string, exportName: string, title: string): StrategyEntry => ({
  id: exportName,
  title,
  module,
  exportName,
});

/** In the order of the tables. An entry whose package does not export it yet is left out of the run. */
export const STRATEGIES: readonly StrategyEntry[] = [
  entry('@zsmalloc/lock-spin', 'bigLock', 'one spin lock for everything: the single pool lock of 2022'),
  entry('@zsmalloc/lock-spin', 'spin', 'spinning read-write locks at all levels: the scheme before the series'),
  entry('@zsmalloc/lock-rwsem', 'rwsem', 'sleeping read-write semaphores at all levels'),
  entry('@zsmalloc/lock-custom', 'preemptible', 'zspage lock of a spin lock and a counter: what landed in 2025'),
  entry('@zsmalloc/lock-custom', 'preemptibleAtomic', 'zspage lock of one atomic counter: PATCHv4'),
  entry('@zsmalloc/lock-custom', 'preemptibleDirect', 'PATCHv4 without a pool lock: lock the zspage, look again'),
  entry('@zsmalloc/lock-custom', 'bigReader', 'preemptibleDirect with readers marked on lines of their own (brlock)'),
  entry('@zsmalloc/lock-rcu', 'rcu', 'no locks for readers; frees are deferred (kfree_rcu)'),
  entry('@zsmalloc/lock-rcu', 'rcuTurn', 'as rcu, quiescent at the end of an event-loop turn'),
  entry('@zsmalloc/lock-rcu', 'rcuSynchronize', 'as rcu, but waits for a grace period for each freed zspage'),
];

/** Strategies of the bench's own, for scenarios that need a control; they take part nowhere else. */
const CONTROLS: readonly StrategyEntry[] = [
  entry('./controls/naive-spin.js', 'naiveSpin', 'control: unbounded spinning at all levels, no yield'),
];

/** The control of Q1. */
export const NAIVE_ID = 'naiveSpin';

/** What all others are compared with: one lock for everything. */
export const BASELINE_ID = 'bigLock';

/** The harness alone, without allocator and lock: what the bench itself costs. */
export const HARNESS_ID = 'harness';

/** All subjects that this file knows, in the order of the tables. */
export const SUBJECTS: readonly Subject[] = [
  ...STRATEGIES.map(({ id, title }) => ({ id, kind: 'strategy' as const, title })),
  // Nobody is to take a control for a choice: it is shown, and never leads.
  ...CONTROLS.map(({ id, title }) => ({ id, kind: 'peer' as const, title })),
  { id: HARNESS_ID, kind: 'harness', title: 'the bench alone, without allocator and lock' },
];

async function importExport({ module, exportName }: StrategyEntry): Promise<unknown> {
  const exports = (await import(module)) as Record<string, unknown>;
  return exports[exportName];
}

/** The strategies whose packages export them. */
export async function availableStrategies(): Promise<string[]> {
  const exported = await Promise.all(STRATEGIES.map(importExport));
  return STRATEGIES.filter((_, index) => exported[index] !== undefined).map(({ id }) => id);
}

/**
 * The strategy of a subject. The bench's own tests measure one strategy under two names: "spin" and "spin~again" are both
 * `spin`.
 */
export function strategyIdOf(subject: string): string {
  return subject.split('~')[0]!;
}

/** Imports one strategy, and no other package. */
export async function loadStrategy(id: string): Promise<Strategy> {
  const found = [...STRATEGIES, ...CONTROLS].find((candidate) => candidate.id === id);
  const strategy = found && (await importExport(found));
  if (strategy === undefined) throw new Error(`cannot load strategy "${id}": no package exports it.`);
  return strategy as Strategy;
}
