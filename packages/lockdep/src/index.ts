// @zsmalloc/lockdep: checks how a lock strategy is used.

export { lockdepReports, withLockdep } from './with-lockdep.ts';
export type { LockdepOptions } from './options.ts';
