// @zsmalloc/core/strategy: the contract that lock strategies implement, and the adapter for plain locks.

export type {
  BoundStrategy,
  Capabilities,
  LimboRecovery,
  Location,
  PageIndex,
  Strategy,
  StrategyHost,
  StrategyRecovery,
  StrategyWords,
  ZspageIndex,
} from './contract.ts';
export type { HeldByOne, LockKind, Mutex, ReadByMany, RwLock, TryRwLock } from './locks.ts';
export { ReadTable } from './read-table.ts';
export { lockClassByHint } from './class-by-hint.ts';
export { lockBased, ownLinesBased } from './lock-based.ts';
export { OWN_LINE_WORDS, OwnLines } from './own-lines.ts';
export type { OwnLinesPlace, RecoverableRwLock } from './own-lines.ts';
export { ReclaimsAtOnce } from './reclaims-at-once.ts';
export type { LockBasedOptions, OwnLinesOptions } from './lock-based.ts';
export { retrySoon } from './retry.ts';
export { strategyOf } from './strategy-of.ts';
// For strategies that reclaim later: the bits of records that are theirs.
export { CELL_RETIRED } from '../handles.ts';
export { LENGTH_BITS, LENGTH_MASK, PLACE_MOVED } from '../layout/records.ts';
export { defineLayout } from '../layout/define.ts';
export type { Layout } from '../layout/define.ts';
