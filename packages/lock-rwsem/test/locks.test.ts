// RwLock, Mutex and LockTable as their users see them. One thread plays several agents by attaching several times.

import { describe, expect, it } from 'vitest';
import { LockTable, Mutex, RwLock } from '../src/index.ts';
import type { LockDescriptor } from '../src/index.ts';

function pair(): [RwLock, RwLock] {
  const lock = RwLock.create();
  return [lock, RwLock.attach(lock.descriptor())];
}

describe('guards', () => {
  it('hold to the end of the block', () => {
    const [lock, other] = pair();
    {
      using writing = lock.write();
      expect(writing.isHeld).toBe(true);
      expect(other.tryRead()).toBeUndefined();
    }
    {
      using reading = lock.read();
      using also = other.tryRead();
      expect(reading.isHeld).toBe(true);
      expect(also?.isHeld).toBe(true);
      expect(other.tryWrite()).toBeUndefined();
    }
    using alone = other.tryWrite();
    expect(alone?.isHeld).toBe(true);
  });

  it('end once: a second release is misuse, leaving the block is not', () => {
    const [lock] = pair();
    using guard = lock.read();
    guard.release();
    expect(() => guard.release()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(guard.isHeld).toBe(false);
    lock.write().release();
  });

  it('turn into one another', () => {
    const [lock, other] = pair();
    const writing = lock.write();
    const reading = writing.downgrade();
    expect(() => writing.release()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    const beside = other.read();
    expect(reading.tryUpgrade()).toBeUndefined();
    expect(reading.isHeld).toBe(true);
    beside.release();
    const again = reading.tryUpgrade();
    expect(again?.isHeld).toBe(true);
    expect(() => reading.tryUpgrade()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    again?.release();
    other.write().release();
  });

  it('work for a mutex', () => {
    const mutex = Mutex.create({ agents: 2 });
    const other = Mutex.attach(mutex.descriptor());
    {
      using held = mutex.lock();
      expect(held.isHeld).toBe(true);
      expect(other.tryLock()).toBeUndefined();
      expect(() => other.lock({ timeoutMs: 1 })).toThrow(/ERR_ZS_LOCK_TIMEOUT/);
    }
    using held = other.tryLock();
    expect(held?.isHeld).toBe(true);
  });
});

describe('an agent that would wait for itself', () => {
  it('gets an error', () => {
    const [lock] = pair();
    {
      using reading = lock.read();
      expect(() => lock.write()).toThrow(/ERR_ZS_LOCK_MISUSE/);
      expect(reading.isHeld).toBe(true);
    }
    using writing = lock.write();
    expect(() => lock.write()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(() => lock.read()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(writing.isHeld).toBe(true);
  });

  it('reads again, even past a parked writer', async () => {
    const [lock, other] = pair();
    const first = lock.read();
    const writing = other.writeAsync();
    expect(other.isContended()).toBe(true);
    const second = lock.read();
    first.release();
    second.release();
    (await writing).release();
  });
});

describe('time limits', () => {
  it('are errors with a code, and what is no time is refused', () => {
    const [lock, other] = pair();
    using writing = lock.write();
    expect(writing.isHeld).toBe(true);
    expect(() => other.read({ timeoutMs: 1 })).toThrow(/not granted within 1 ms.*ERR_ZS_LOCK_TIMEOUT/);
    expect(() => other.write({ timeoutMs: 0 })).toThrow(/ERR_ZS_LOCK_TIMEOUT/);
    expect(() => other.write({ timeoutMs: Number.NaN })).toThrow(/ERR_ZS_OPTION/);
    expect(() => other.write({ timeoutMs: -1 })).toThrow(/ERR_ZS_OPTION/);
  });
});

describe('attaching', () => {
  it('takes a slot, and detaching gives it back', () => {
    const lock = RwLock.create({ agents: 2 });
    const second = RwLock.attach(lock.descriptor());
    expect(() => RwLock.attach(lock.descriptor())).toThrow(/ERR_ZS_AGENTS_FULL/);
    second.detach();
    second.detach();
    expect(() => second.read()).toThrow(/ERR_ZS_DETACHED/);
    using third = RwLock.attach(lock.descriptor());
    third.read().release();
  });

  it('cannot be ended while a hold or a wait is open', async () => {
    const [lock, other] = pair();
    const guard = lock.write();
    expect(() => lock.detach()).toThrow(/ERR_ZS_IN_USE/);
    const waiting = other.readAsync();
    expect(() => other.detach()).toThrow(/ERR_ZS_IN_USE/);
    guard.release();
    (await waiting).release();
    lock.detach();
    other.detach();
  });

  it('checks the descriptor before it touches anything', () => {
    const good = RwLock.create().descriptor();
    const attach =
      (change: object): (() => RwLock) =>
      () =>
        RwLock.attach({ ...good, ...change } as LockDescriptor);
    expect(attach({ kind: 'other' })).toThrow(/ERR_ZS_ATTACH_DESCRIPTOR/);
    expect(attach({ buffer: new ArrayBuffer(64) })).toThrow(/ERR_ZS_ATTACH_DESCRIPTOR/);
    expect(attach({ buffer: new SharedArrayBuffer(63) })).toThrow(/ERR_ZS_ATTACH_DESCRIPTOR/);
    expect(attach({ buffer: new SharedArrayBuffer(4096) })).toThrow(/ERR_ZS_ATTACH_FORMAT/);
    expect(attach({ format: 99 })).toThrow(/ERR_ZS_ATTACH_FORMAT/);
    expect(() => RwLock.attach(undefined as unknown as LockDescriptor)).toThrow(/ERR_ZS_ATTACH_DESCRIPTOR/);
    expect(() => RwLock.create({ agents: 0 })).toThrow(/ERR_ZS_OPTION/);
    expect(() => RwLock.create({ agents: 256 })).toThrow(/ERR_ZS_OPTION/);
  });

  it('works with the most agents', () => {
    const lock = RwLock.create({ agents: 255 });
    const all = [lock, ...Array.from({ length: 254 }, () => RwLock.attach(lock.descriptor()))];
    const guards = all.map((agent) => agent.read());
    for (const guard of guards) guard.release();
    for (const agent of all) agent.write().release();
  });
});

describe('a table', () => {
  it('has locks that do not touch each other', () => {
    const table = LockTable.create({ locks: 1000, agents: 4 });
    const other = LockTable.attach(table.descriptor());
    using first = table.rwLock(0).write();
    using second = table.mutex(999).lock();
    expect([first.isHeld, second.isHeld]).toEqual([true, true]);
    expect(other.rwLock(0).tryRead()).toBeUndefined();
    expect(other.mutex(999).tryLock()).toBeUndefined();
    for (let i = 1; i < 999; i++) other.rwLock(i).write().release();
    expect(() => table.rwLock(1000)).toThrow(/ERR_ZS_OPTION/);
    expect(() => table.mutex(-1)).toThrow(/ERR_ZS_OPTION/);
    expect(table.rwLock(3)).toBe(table.rwLock(3));
  });
});
