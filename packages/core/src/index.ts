// @zsmalloc/core: a compacting size-class allocator in one SharedArrayBuffer.

export { attachPool, createPool } from './create.ts';
export { fitClasses } from './fit-classes.ts';
export type { FittedClasses } from './fit-classes.ts';
export { ZsmallocError, hasCode } from './errors.ts';
export type { ErrorCode, ErrorFacts } from './errors.ts';
export type {
  AttachOptions,
  CompactBudget,
  CompactResult,
  Handle,
  Hold,
  HoldingPool,
  MigrateResult,
  Pool,
  PoolDescriptor,
  PoolOf,
  PoolOptions,
} from './api.ts';
export type { RecoveryReport } from './recovery/report.ts';
export type { AgentPort, WatchListeners, WatchedAgents } from './recovery/watcher.ts';
export type { AgentLocks } from './recovery/web-locks.ts';
export type { Kernels } from './kernels.ts';
export type { ClassRow, PoolStats } from './stats.ts';
