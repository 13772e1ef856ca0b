import { describe, expect, it } from 'vitest';
import { expectCode } from '../../lock-spin/test/agents.ts';
import { PreemptibleRwLock } from '../src/index.ts';

describe('PreemptibleRwLock', () => {
  it('lets a reader stay inside across await, while writers give up and readers join', async () => {
    const mine = PreemptibleRwLock.create();
    const theirs = PreemptibleRwLock.attach(structuredClone(mine.descriptor()), 2);
    const read = await mine.readLockAsync();
    await Promise.resolve();
    expect(theirs.tryAcquireWrite()).toBeUndefined();
    expect(theirs.withReadLock(() => 42)).toBe(42);
    read.unlock();
    {
      using write = theirs.tryAcquireWrite();
      expect(write).toBeDefined();
      expect(mine.tryReadLock()).toBe(false);
    }
    expect(mine.tryReadLock()).toBe(true);
  });

  it('acquires without blocking, after other tasks have run', async () => {
    const mine = PreemptibleRwLock.create();
    const theirs = PreemptibleRwLock.attach(mine.descriptor(), 2);
    theirs.tryWriteLock();
    const reading = mine.readLockAsync();
    theirs.writeUnlock();
    const read = await reading;
    expect(theirs.tryWriteLock()).toBe(false);
    read.unlock();
    expect(theirs.tryWriteLock()).toBe(true);
  });

  it('ends a guard once', () => {
    const lock = PreemptibleRwLock.create();
    const guard = lock.acquireRead();
    guard.unlock();
    guard.unlock();
    expect(lock.tryWriteLock()).toBe(true);
  });

  it('refuses the descriptor of another lock', () => {
    const descriptor = PreemptibleRwLock.create().descriptor();
    expectCode(() => PreemptibleRwLock.attach({ ...descriptor, lock: 'spinMutex' }, 2), 'ERR_ZS_ATTACH_STRATEGY');
  });
});
