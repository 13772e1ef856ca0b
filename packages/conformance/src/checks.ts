// All checks, in the order in which they run.

import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check } from './check.ts';
import { controlChecks } from './controls/control-checks.ts';
import { crashChecks } from './killer/crash-checks.ts';
import { killerChecks } from './killer/killer-checks.ts';
import { INVARIANTS } from './invariants.ts';
import type { InvariantNumber } from './invariants.ts';
import { concurrencyChecks } from './model/concurrency-check.ts';
import { fairnessChecks } from './model/fairness-check.ts';
import { garbageChecks } from './model/garbage-checks.ts';
import { lockChecks } from './model/lock-checks.ts';
import { nonBlockingChecks } from './model/non-blocking-checks.ts';
import { objectChecks } from './model/object-checks.ts';
import { stallChecks } from './model/stall-checks.ts';
import { poolChecks } from './pool/pool-checks.ts';
import { poolTortureChecks } from './torture/pool-checks.ts';
import { smallTortureChecks } from './torture/small-checks.ts';
import { memoryChecks } from './unit/memory-checks.ts';
import { misuseChecks } from './unit/misuse-checks.ts';
import { visibilityChecks } from './unit/visibility-check.ts';
import { waitingChecks } from './unit/waiting-checks.ts';

export const CHECKS: readonly Check[] = [
  ...visibilityChecks,
  ...waitingChecks,
  ...misuseChecks,
  ...memoryChecks,
  ...lockChecks,
  ...objectChecks,
  ...garbageChecks,
  ...stallChecks,
  ...concurrencyChecks,
  ...fairnessChecks,
  ...nonBlockingChecks,
  ...poolChecks,
  ...crashChecks,
  ...smallTortureChecks,
  ...poolTortureChecks,
  ...killerChecks,
  ...controlChecks,
];

/** The check of that name. */
export function checkNamed(id: string): Check | undefined {
  return CHECKS.find((check) => check.id === id);
}

/** Checks that belong to a strategy with these capabilities and, if given, to some of these rows. */
export function checksFor(capabilities: Capabilities, rows?: readonly InvariantNumber[]): Check[] {
  const wanted = INVARIANTS.filter(
    ({ number, doesNotApply }) =>
      doesNotApply(capabilities) === undefined && (rows === undefined || rows.includes(number)),
  ).map(({ number }) => number);
  return CHECKS.filter(
    (check) => check.rows.some((row) => wanted.includes(row)) && (check.fits?.(capabilities) ?? true),
  );
}
