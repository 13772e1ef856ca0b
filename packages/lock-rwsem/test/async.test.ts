// Awaiting a lock. Two attachments of one thread are two agents; only their awaits can meet.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LockTable, Mutex, RwLock } from '../src/index.ts';

function pair(): [RwLock, RwLock] {
  const lock = RwLock.create();
  return [lock, RwLock.attach(lock.descriptor())];
}

describe('an await', () => {
  it('is granted at once when the lock is free', async () => {
    const [lock] = pair();
    using guard = await lock.writeAsync();
    expect(guard.isHeld).toBe(true);
  });

  it('is granted after the release, to writers and readers of several agents', async () => {
    const [lock, other] = pair();
    const third = RwLock.attach(lock.descriptor());
    const guard = lock.write();
    const order: string[] = [];
    const waits = [
      other.writeAsync().then((held) => (order.push('write'), held.release())),
      other.readAsync().then((held) => (order.push('read'), held.release())),
      third.readAsync().then((held) => (order.push('read'), held.release())),
      third.writeAsync().then((held) => (order.push('write'), held.release())),
    ];
    guard.release();
    await Promise.all(waits);
    expect(order.toSorted()).toEqual(['read', 'read', 'write', 'write']);
    expect(lock.rescues).toBe(0);
    lock.write().release();
  });

  it('keeps the order of the calls of one agent', async () => {
    const mutex = Mutex.create();
    const other = Mutex.attach(mutex.descriptor());
    const guard = mutex.lock();
    const order: number[] = [];
    const waits = Array.from({ length: 50 }, (_, i) =>
      other.lockAsync().then((held) => {
        order.push(i);
        held.release();
      }),
    );
    guard.release();
    await Promise.all(waits);
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('may hold across other awaits, with the lock kept all the time', async () => {
    const [lock, other] = pair();
    let inside = 0;
    const work = async (agent: RwLock): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        using held = await agent.writeAsync();
        expect([held.isHeld, ++inside]).toEqual([true, 1]);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }
    };
    await Promise.all([work(lock), work(lock), work(other), work(other)]);
  });

  it('polls when more locks are awaited at a time than the agent has nodes', async () => {
    const table = LockTable.create({ locks: 8, agents: 2 });
    const other = LockTable.attach(table.descriptor());
    const guards = Array.from({ length: 8 }, (_, i) => table.mutex(i).lock());
    const waits = Array.from({ length: 8 }, (_, i) => other.mutex(i).lockAsync());
    for (const guard of guards) guard.release();
    for (const wait of waits) (await wait).release();
    table.detach();
    other.detach();
  });
});

describe('giving up', () => {
  it('by a time limit rejects with ERR_ZS_LOCK_TIMEOUT', async () => {
    const [lock, other] = pair();
    using held = lock.write();
    expect(held.isHeld).toBe(true);
    await expect(other.readAsync({ timeoutMs: 5 })).rejects.toThrow(/not granted within 5 ms.*ERR_ZS_LOCK_TIMEOUT/);
    await expect(other.readAsync({ timeoutMs: -5 })).rejects.toThrow(/ERR_ZS_OPTION/);
  });

  it('by a signal rejects with its reason', async () => {
    const [lock, other] = pair();
    using held = lock.write();
    const controller = new AbortController();
    const wait = other.writeAsync({ signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    expect(held.isHeld).toBe(true);
    await expect(other.writeAsync({ signal: controller.signal })).rejects.toBe(reason);
  });

  it('lets those in who waited behind it', async () => {
    const [lock, other] = pair();
    const third = RwLock.attach(lock.descriptor());
    using held = lock.read();
    const controller = new AbortController();
    const writing = other.writeAsync({ signal: controller.signal });
    const reading = third.readAsync();
    controller.abort();
    await expect(writing).rejects.toThrow('abort');
    (await reading).release();
    expect(held.isHeld).toBe(true);
  });

  it('passes the place on to the next call of the same agent', async () => {
    const [lock, other] = pair();
    const guard = lock.write();
    const controller = new AbortController();
    const first = other.writeAsync({ signal: controller.signal });
    const second = other.writeAsync();
    const third = other.readAsync();
    controller.abort();
    guard.release();
    await expect(first).rejects.toThrow('abort');
    (await second).release();
    (await third).release();
    other.detach();
  });

  it('never loses a grant, whenever it comes', async () => {
    const [lock, other] = pair();
    for (let round = 0; round < 200; round++) {
      const guard = lock.write();
      const controller = new AbortController();
      const wait = other.writeAsync({ signal: controller.signal }).catch(() => undefined);
      // Release and abort in both orders, with 0 to 4 microtask turns or a timer turn between them.
      const steps = [() => guard.release(), () => controller.abort()];
      if (round % 2 === 1) steps.reverse();
      steps[0]!();
      for (let turn = 0; turn < round % 5; turn++) await undefined;
      if (round % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      steps[1]!();
      (await wait)?.release();
      const free = lock.tryWrite();
      expect(free, `round ${round}`).toBeDefined();
      free!.release();
    }
    expect(lock.isContended()).toBe(false);
    expect(lock.rescues).toBe(0);
  });
});

describe('a pending await', () => {
  it('keeps the process alive until it ends', async () => {
    const script = new URL('keep-alive.mjs', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(stdout).toBe('granted\n');
  });
});
