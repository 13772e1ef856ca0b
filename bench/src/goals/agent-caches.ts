// Agent caches on and off, where the core has them: the one place that knows how `createPool` is asked.

import { createPool } from '@zsmalloc/core';
import { bigLock } from '@zsmalloc/lock-spin';

const ON: Readonly<Record<string, unknown>> = { caches: true };
const OFF: Readonly<Record<string, unknown>> = { caches: false };
/** Refused by a core that knows the option, and not looked at by one that does not. */
const REFUSED: Readonly<Record<string, unknown>> = { caches: { bytes: -1 } };
const SUFFIX = '+caches';

let known: boolean | undefined;

/** Whether the core has agent caches. Makes a pool of its own: not for a process that measures. */
export function hasAgentCaches(): boolean {
  if (known !== undefined) return known;
  try {
    createPool({ bytes: 2 ** 20, strategy: bigLock, ...REFUSED }).detach();
    known = false;
  } catch {
    known = true;
  }
  return known;
}

/** The subject of a strategy with agent caches. */
export function withCaches(strategyId: string): string {
  return `${strategyId}${SUFFIX}`;
}

/** The strategy of a subject, and whether it has caches. */
export function readSubject(subject: string): { readonly strategyId: string; readonly caches: boolean } {
  const caches = subject.endsWith(SUFFIX);
  return { strategyId: caches ? subject.slice(0, -SUFFIX.length) : subject, caches };
}

/** What to add to the options of `createPool`. */
export function cacheOptionsOf(caches: boolean): Readonly<Record<string, unknown>> {
  return caches ? ON : OFF;
}
