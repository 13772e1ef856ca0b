// @zsmalloc/core/strategy: the contract that lock strategies implement, and the adapter for plain locks.

export type {
  BoundStrategy,
  Capabilities,
  Location,
  PageIndex,
  Strategy,
  StrategyHost,
  StrategyWords,
  ZspageIndex,
} from './contract.ts';
export type { LockKind, Mutex, RwLock, TryRwLock } from './locks.ts';
export { lockBased, lockClassByHint } from './lock-based.ts';
export type { LockBasedOptions } from './lock-based.ts';
export { retrySoon } from './retry.ts';
