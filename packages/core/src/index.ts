export type * from './api.ts';
export type { ClassRow, PoolStats } from './stats.ts';
export { ZsmallocError, hasCode } from './errors.ts';
export type { ErrorCode, ErrorFacts } from './errors.ts';
