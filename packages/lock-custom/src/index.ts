// @zsmalloc/lock-custom: the preemptible zspage lock in two forms, and the strategies built on it.

export type { PreemptibleCapabilities } from './capabilities.ts';
export { preemptibleAtomicLock } from './preemptible-atomic-lock.ts';
export { preemptibleLock } from './preemptible-lock.ts';
export { bigReader, preemptible, preemptibleAtomic, preemptibleDirect } from './strategies.ts';
export { PreemptibleRwLock } from './preemptible-rwlock.ts';
export type { LockDescriptor, LockGuard } from '@zsmalloc/lock-spin';
