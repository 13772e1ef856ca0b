// Every lock strategy that the packages export. Tests run each of them.

import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import * as custom from '@zsmalloc/lock-custom';
import * as rcu from '@zsmalloc/lock-rcu';
import * as rwsem from '@zsmalloc/lock-rwsem';
import * as spin from '@zsmalloc/lock-spin';

/** A strategy, and where a worker imports it from. */
export interface KnownStrategy {
  readonly name: string;
  readonly module: string;
  readonly strategy: Strategy;
  readonly capabilities: Capabilities;
}

/** Exports that there must be, by package: one that is missing fails a test instead of being left out. */
export const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  '@zsmalloc/lock-spin': ['spin', 'bigLock'],
  '@zsmalloc/lock-custom': ['preemptible', 'preemptibleAtomic', 'preemptibleDirect', 'bigReader'],
  '@zsmalloc/lock-rwsem': ['rwsem'],
  '@zsmalloc/lock-rcu': ['rcu', 'rcuTurn', 'rcuSynchronize'],
};

const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '@zsmalloc/lock-spin': spin,
  '@zsmalloc/lock-custom': custom,
  '@zsmalloc/lock-rwsem': rwsem,
  '@zsmalloc/lock-rcu': rcu,
};

function isStrategy(value: unknown): value is Strategy {
  const strategy = value as Partial<Strategy> | null;
  return typeof strategy === 'object' && typeof strategy?.bind === 'function' && strategy.capabilities !== undefined;
}

export const strategies: readonly KnownStrategy[] = Object.entries(modules).flatMap(([module, exported]) =>
  Object.entries(exported)
    .filter((entry): entry is [string, Strategy] => isStrategy(entry[1]))
    .map(([name, strategy]) => ({ name, module, strategy, capabilities: strategy.capabilities })),
);

/** The strategy of that name. */
export function strategyNamed(name: string): KnownStrategy {
  const found = strategies.find((known) => known.name === name);
  if (found === undefined) throw new Error(`no package exports a strategy "${name}"`);
  return found;
}
