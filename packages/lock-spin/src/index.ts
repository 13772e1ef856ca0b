// @zsmalloc/lock-spin: spin locks for shared memory, and the strategies `spin` and `bigLock`.

export { bigLock } from './big-lock.ts';
export type { BigLockCapabilities, SpinCapabilities } from './capabilities.ts';
export { spinMutex } from './mutex.ts';
export { spinRwLock } from './rwlock.ts';
export { spin } from './spin.ts';
export { SpinMutex } from './spin-mutex.ts';
export { SpinRwLock } from './spin-rwlock.ts';
export { LockGuard } from './single/guard.ts';
export type { LockDescriptor } from './single/place.ts';
