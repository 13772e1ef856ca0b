// What agents do with a lock in the model programs.

import type { Mutex, RwLock, TryRwLock } from '@zsmalloc/core/strategy';
import { hasCode } from '@zsmalloc/core/words';
import { LOCK } from './model-programs.ts';
import type { Role } from './model-programs.ts';

export const lock: Role<Mutex> = (mutex, section) => {
  mutex.lock(LOCK);
  section.change();
  mutex.unlock(LOCK);
};

export const tryLock: Role<Mutex> = (mutex, section) => {
  if (!mutex.tryLock(LOCK)) return;
  section.change();
  mutex.unlock(LOCK);
};

export const read: Role<TryRwLock> = (rwLock, section) => {
  rwLock.readLock(LOCK);
  section.look();
  rwLock.readUnlock(LOCK);
};

export const tryRead: Role<TryRwLock> = (rwLock, section) => {
  if (!rwLock.tryReadLock(LOCK)) return;
  section.look();
  rwLock.readUnlock(LOCK);
};

export const tryWrite: Role<TryRwLock> = (rwLock, section) => {
  if (!rwLock.tryWriteLock(LOCK)) return;
  section.change();
  rwLock.writeUnlock(LOCK);
};

export const write: Role<RwLock> = (rwLock, section) => {
  rwLock.writeLock(LOCK);
  section.change();
  rwLock.writeUnlock(LOCK);
};

/** Ends a read that it has not begun. Beside writers only: a reader inside would be taken for its own. */
export const strayReadUnlock: Role<TryRwLock> = (rwLock) => {
  expectMisuse(() => rwLock.readUnlock(LOCK));
};

export const strayWriteUnlock: Role<TryRwLock> = (rwLock) => {
  expectMisuse(() => rwLock.writeUnlock(LOCK));
};

export const strayUnlock: Role<Mutex> = (mutex) => {
  expectMisuse(() => mutex.unlock(LOCK));
};

function expectMisuse(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (hasCode(error, 'ERR_ZS_LOCK_MISUSE')) return;
    throw error;
  }
  throw new Error('a stray unlock was not noticed');
}
