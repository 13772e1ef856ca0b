// @zsmalloc/lock-rwsem: a sleeping reader-writer semaphore for shared memory, as locks of their own and as a strategy.

export { RwLock } from './rw-lock.ts';
export { Mutex } from './mutex.ts';
export { LockTable } from './lock-table.ts';
export { MutexGuard, ReadGuard, WriteGuard } from './guards.ts';
export type { AsyncOptions } from './async-waits.ts';
export type { WaitOptions } from './holds.ts';
export type { AttachOptions, LockDescriptor, RegionOptions } from './region.ts';

export { createRwsem, rwsem } from './strategy.ts';
export type { RwsemCapabilities } from './strategy.ts';

// The lock itself, for memory of your own.
export { Rwsem } from './rwsem.ts';
export { AGENT_WORDS, BUCKET_WORDS, HEAD_WORDS, ParkingLot } from './lot.ts';
export type { LotPlace } from './lot.ts';
export { SPIN_ROUNDS, countCores } from './spin.ts';
export type { SpinLimits } from './spin.ts';
