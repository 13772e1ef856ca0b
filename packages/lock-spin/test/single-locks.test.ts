import { describe, expect, it } from 'vitest';
import { SpinMutex, SpinRwLock } from '../src/index.ts';
import { expectCode } from './agents.ts';

describe('SpinMutex', () => {
  it('is one lock for all agents that attach to its descriptor', () => {
    const mine = SpinMutex.create();
    const theirs = SpinMutex.attach(structuredClone(mine.descriptor()), 2);
    mine.lock();
    expect(theirs.tryLock()).toBe(false);
    expectCode(() => theirs.unlock(), 'ERR_ZS_LOCK_MISUSE');
    mine.unlock();
    expect(theirs.tryLock()).toBe(true);
  });

  it('ends a guard once', () => {
    const mutex = SpinMutex.create();
    {
      using guard = mutex.acquire();
      expect(mutex.tryLock()).toBe(false);
      guard.unlock();
      expect(mutex.tryLock()).toBe(true);
      mutex.unlock();
    }
    expect(mutex.tryLock()).toBe(true);
  });

  it('unlocks when the section throws, and passes its value on', () => {
    const mutex = SpinMutex.create();
    expect(mutex.withLock(() => 42)).toBe(42);
    expect(() =>
      mutex.withLock(() => {
        throw new Error('from the section');
      }),
    ).toThrow('from the section');
    expect(mutex.tryLock()).toBe(true);
  });

  it('acquires without blocking, after other tasks have run', async () => {
    const mine = SpinMutex.create();
    const theirs = SpinMutex.attach(mine.descriptor(), 2);
    theirs.lock();
    const acquiring = mine.lockAsync();
    theirs.unlock();
    const guard = await acquiring;
    expect(theirs.tryLock()).toBe(false);
    guard.unlock();
    expect(theirs.tryLock()).toBe(true);
  });

  it('refuses a descriptor that does not fit', () => {
    const descriptor = SpinMutex.create().descriptor();
    expectCode(() => SpinRwLock.attach(descriptor, 2), 'ERR_ZS_ATTACH_STRATEGY');
    expectCode(() => SpinMutex.attach({ ...descriptor, version: 2 }, 2), 'ERR_ZS_ATTACH_STRATEGY');
    expectCode(() => SpinMutex.attach({ ...descriptor, word: 1 }, 2), 'ERR_ZS_ATTACH_DESCRIPTOR');
    expectCode(
      () => SpinMutex.attach({ ...descriptor, buffer: new ArrayBuffer(4) as never }, 2),
      'ERR_ZS_ATTACH_DESCRIPTOR',
    );
    expectCode(() => SpinMutex.attach(descriptor, 0), 'ERR_ZS_OPTION');
  });
});

describe('SpinRwLock', () => {
  it('lets readers in together and writers alone', () => {
    const mine = SpinRwLock.create();
    const theirs = SpinRwLock.attach(mine.descriptor(), 2);
    mine.withReadLock(() => {
      expect(theirs.tryReadLock()).toBe(true);
      expect(theirs.tryWriteLock()).toBe(false);
    });
    theirs.readUnlock();
    mine.withWriteLock(() => expect(theirs.tryReadLock()).toBe(false));
    const read = mine.acquireRead();
    expect(theirs.tryWriteLock()).toBe(false);
    read.unlock();
    const write = mine.acquireWrite();
    expect(theirs.tryReadLock()).toBe(false);
    write.unlock();
    expect(theirs.tryWriteLock()).toBe(true);
  });

  it('acquires without blocking', async () => {
    const mine = SpinRwLock.create();
    const theirs = SpinRwLock.attach(mine.descriptor(), 2);
    theirs.writeLock();
    const reading = mine.readLockAsync();
    theirs.writeUnlock();
    const read = await reading;
    expect(theirs.tryWriteLock()).toBe(false);
    const writing = theirs.writeLockAsync();
    read.unlock();
    const write = await writing;
    expect(mine.tryReadLock()).toBe(false);
    write.unlock();
    expect(mine.tryReadLock()).toBe(true);
  });
});
