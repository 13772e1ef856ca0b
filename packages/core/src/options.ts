// Checks what a user asks of a pool, and says what is wrong with it.

import type { PoolOptions } from './api.ts';
import { ZsmallocError } from './errors.ts';
import { CHAIN_PAGES_MAX, CHAIN_PAGES_MIN, PAGE_BYTES_MAX, PAGE_BYTES_MIN, pagesMax } from './layout/plan.ts';
import type { PoolShape } from './layout/plan.ts';
import { STEPS_PER_PAGE_MAX, STEPS_PER_PAGE_MIN, STEP_UNIT_BYTES } from './size-class.ts';
import type { Strategy, StrategyWords } from './strategy/contract.ts';
import { AGENTS_MAX } from './words/agent.ts';

export const PAGE_BYTES_DEFAULT = 4096;
export const CHAIN_PAGES_DEFAULT = 8;
const AGENTS_DEFAULT = 64;
/** Bytes of objects that an agent may cache when `caches` is true. */
export const CACHE_BYTES_DEFAULT = 262_144;
const CACHE_BYTES_MAX: number = 2 ** 24;

/** Words that a strategy may ask for; see StrategyWords. */
const STRATEGY_WORDS_MAX: StrategyWords = { pool: 65_536, lock: 16, zspage: 6, agent: 28 };

function reject(what: string, got: unknown, wanted: string, advice: string): never {
  throw new ZsmallocError(
    'ERR_ZS_OPTION',
    `cannot create a pool: ${what} is ${String(got)}, not ${wanted}. ${advice}`,
    { option: what },
  );
}

function integer(value: unknown, min: number, max: number, what: string, advice: string): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    reject(what, value, `an integer from ${min} to ${max}`, advice);
  }
  return value as number;
}

/**
 * Turns options into a shape.
 *
 * @throws ERR_ZS_OPTION, naming the option and its range.
 */
export function poolShape(options: PoolOptions): PoolShape {
  const {
    bytes,
    strategy,
    pageBytes = PAGE_BYTES_DEFAULT,
    chainPages = CHAIN_PAGES_DEFAULT,
    classStepBytes = pageBytes / STEPS_PER_PAGE_MAX,
    agents = AGENTS_DEFAULT,
  } = options;
  checkStrategy(strategy);
  checkPageBytes(pageBytes);
  integer(chainPages, CHAIN_PAGES_MIN, CHAIN_PAGES_MAX, 'chainPages', 'The default is 8.');
  checkStep(classStepBytes, pageBytes);
  const agentsMax = integer(agents, 1, AGENTS_MAX, 'agents', 'An agent number fills 8 bits of a lock word.');
  const most = pagesMax(pageBytes, chainPages, classStepBytes) * pageBytes;
  if (typeof bytes !== 'number' || !(bytes >= pageBytes) || bytes > most) {
    reject(
      'bytes',
      bytes,
      `a number from ${pageBytes} to ${most}, the limit with pages of ${pageBytes} bytes`,
      'A larger pool needs larger pages.',
    );
  }
  const { compactAbove } = options;
  if (compactAbove !== undefined && !(compactAbove > 0 && compactAbove <= 1)) {
    reject('compactAbove', compactAbove, 'a share above 0 and up to 1', 'Leave it out to compact only when asked.');
  }
  const pages = Math.floor(bytes / pageBytes);
  return {
    pageBytes,
    chainPages,
    classStepBytes,
    pages,
    agentsMax,
    strategyWords: strategy.words,
    cacheBytes: cacheBytesOf(options),
  };
}

/** @throws ERR_ZS_OPTION. */
export function checkPageBytes(pageBytes: number): void {
  integer(pageBytes, PAGE_BYTES_MIN, PAGE_BYTES_MAX, 'pageBytes', 'Take a power of two.');
  if ((pageBytes & (pageBytes - 1)) !== 0)
    reject('pageBytes', pageBytes, 'a power of two', 'Take 4096, 8192, 16384, 32768 or 65536.');
}

function checkStep(classStepBytes: number, pageBytes: number): void {
  const advice = 'Leave it out for the classes of the kernel, or ask fitClasses().';
  const least = pageBytes / STEPS_PER_PAGE_MAX;
  integer(classStepBytes, least, pageBytes / STEPS_PER_PAGE_MIN, 'classStepBytes', advice);
  if (classStepBytes % STEP_UNIT_BYTES !== 0)
    reject('classStepBytes', classStepBytes, `a multiple of ${STEP_UNIT_BYTES}`, advice);
}

function cacheBytesOf({ caches = false }: PoolOptions): number {
  if (typeof caches === 'boolean') return caches ? CACHE_BYTES_DEFAULT : 0;
  return integer(caches?.bytes, 0, CACHE_BYTES_MAX, 'caches.bytes', 'Take true for the default, false for no caches.');
}

function checkStrategy(strategy: Strategy): void {
  if (typeof strategy?.bind !== 'function' || typeof strategy.id !== 'string') {
    reject('strategy', strategy, 'a lock strategy', 'Import one, for instance { spin } from @zsmalloc/lock-spin.');
  }
  for (const key of Object.keys(STRATEGY_WORDS_MAX) as (keyof StrategyWords)[]) {
    integer(
      strategy.words[key],
      0,
      STRATEGY_WORDS_MAX[key],
      `words.${key} of strategy "${strategy.id}"`,
      'The author of the strategy must ask for fewer words.',
    );
  }
}
