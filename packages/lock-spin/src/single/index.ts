// @zsmalloc/lock-spin/single: parts for classes that offer one lock without a pool. For lock packages, not for users.

export { acquireAsync } from './acquire-async.ts';
export { LockGuard } from './guard.ts';
export { attachPlace, createPlace, describePlace } from './place.ts';
export type { LockDescriptor, LockFormat, LockPlace } from './place.ts';
export { noReader, notOwner, selfDeadlock, tooManyReaders } from '../misuse.ts';
