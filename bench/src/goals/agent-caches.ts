// Agent caches on and off, where the core has them: the one place that knows how `createPool` is asked.

/** Options of `createPool` for each. */
export interface CacheOptions {
  readonly on: Readonly<Record<string, unknown>>;
  readonly off: Readonly<Record<string, unknown>>;
}

/** Null while the core has no agent caches. */
export const CACHE_OPTIONS: CacheOptions | null = null as CacheOptions | null;

const SUFFIX = '+caches';

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
  if (CACHE_OPTIONS === null) return {};
  return caches ? CACHE_OPTIONS.on : CACHE_OPTIONS.off;
}
