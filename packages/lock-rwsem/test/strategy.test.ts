// The strategy `rwsem`: its words, waiting without blocking, and a pool on real workers.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import { ReadTable } from '@zsmalloc/core/strategy';
import type { BoundStrategy, StrategyHost } from '@zsmalloc/core/strategy';
import { createAgent } from '@zsmalloc/core/words';
import { describe, expect, it } from 'vitest';
import { createRwsem, rwsem } from '../src/index.ts';

const LOCKS = 3;
const AGENT_STRIDE = 32;
const LOCK_STRIDE = 16;
const READS = 4;

/** A pool without objects, as two agents of this thread see it. */
function twoHosts(): [BoundStrategy, BoundStrategy, StrategyHost] {
  const lockBase = rwsem.words.pool;
  const zspageBase = lockBase + LOCKS * LOCK_STRIDE;
  const agentBase = zspageBase + 16;
  const alarm = agentBase + 3 * AGENT_STRIDE;
  const readsBase = alarm + 2;
  const words = new Int32Array(new SharedArrayBuffer((readsBase + 3 * (READS + 1)) * 4));
  const [first, second] = [1, 2].map((index) => {
    const agent = createAgent(words, index, { yieldAfter: 0, refuseAfter: 3 });
    const lookup = readsBase + index * (READS + 1);
    return {
      agent,
      reads: new ReadTable(agent, {
        alarm,
        disturbed: alarm + 1,
        lookup,
        reads: lookup + 1,
        readsCount: READS,
        grow: () => {
          throw new Error('more reads than a test opens');
        },
      }),
      agentsMax: 2,
      poolBase: 0,
      lockCount: LOCKS,
      lockBase,
      lockStride: LOCK_STRIDE,
      zspageBase,
      zspageStride: 1,
      agentBase,
      agentStride: AGENT_STRIDE,
      isLocation: () => false,
    } as unknown as StrategyHost;
  });
  return [rwsem.bind(first!), rwsem.bind(second!), second!];
}

describe('the strategy', () => {
  it('keeps within the limits of the contract', () => {
    const { pool, lock, zspage, agent } = rwsem.words;
    expect([lock, zspage]).toEqual([1, 1]);
    expect(agent).toBeLessThanOrEqual(28);
    expect(pool).toBe(544);
    expect(createRwsem({ cores: 1, rounds: 0 }).words).toEqual(rwsem.words);
  });

  it('says that a structure lock is contended while somebody waits for it', async () => {
    const [first, second, host] = twoHosts();
    host.agent.mayBlock = false;
    first.lock(1);
    expect(second.tryLock(1)).toBe(false);
    expect(second.tryLock(2)).toBe(true);
    expect(() => second.lock(1)).toThrow(/ERR_ZS_WOULD_BLOCK/);
    expect(first.isContended(1)).toBe(false);
    const later = second.retryLater();
    expect(first.isContended(1)).toBe(true);
    first.unlock(1);
    await later;
    second.lock(1);
    second.unlock(1);
    second.unlock(2);
    expect(first.isContended(1)).toBe(false);
  });

  it('lets a refused mover wait for the pool lock', async () => {
    const [first, second, host] = twoHosts();
    host.agent.mayBlock = false;
    first.moveBegin();
    expect(() => second.moveBegin()).toThrow(/ERR_ZS_WOULD_BLOCK/);
    const later = second.retryLater();
    expect(first.isMoveContended()).toBe(true);
    first.moveEnd();
    await later;
    second.moveBegin();
    second.moveEnd();
    first.detach();
    second.detach();
  });

  it('resolves retryLater when the lock stays taken, or was free all along', async () => {
    const [first, second, host] = twoHosts();
    host.agent.mayBlock = false;
    await second.retryLater();
    first.lock(0);
    expect(() => second.lock(0)).toThrow(/ERR_ZS_WOULD_BLOCK/);
    await Promise.all([1, 2, 3, 4, 5].map(() => second.retryLater()));
    first.unlock(0);
    await second.retryLater();
    expect(first.isContended(0)).toBe(false);
  });

  it('makes movers give way to a reader of a zspage', () => {
    const [first, second] = twoHosts();
    expect(first.relocateBegin(1)).toBe(true);
    expect(second.relocateBegin(1)).toBe(false);
    first.relocateEnd(1);
    expect(() => first.relocateEnd(1)).toThrow(/ERR_ZS_LOCK_MISUSE/);
  });
});

describe('a pool with it', () => {
  it('keeps an object in place while it is held across await, and lets others work', async () => {
    const pool = createPool({ bytes: 1 << 20, strategy: rwsem });
    const other = attachPool(pool.descriptor(), { strategies: [rwsem] });
    const handle = pool.malloc(100);
    pool.write(handle, new Uint8Array(100).fill(7));
    {
      using hold = await pool.holdAsync(handle);
      await new Promise((resolve) => setImmediate(resolve));
      other.compact();
      other.free(other.malloc(200));
      expect(hold.segments[0]![0]).toBe(7);
    }
    await other.freeAsync(handle);
    pool.verify();
    other.detach();
    pool.detach();
  });

  it('works for 4 workers that allocate, read, free and compact', async () => {
    const pool = createPool({ bytes: 8 << 20, strategy: rwsem });
    const workers = [1, 2, 3, 4].map(
      (seed) =>
        new Worker(new URL('pool.worker.mjs', import.meta.url), { workerData: { pool: pool.descriptor(), seed } }),
    );
    const reports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number));
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(reports).toEqual([0, 0, 0, 0]);
    pool.verify();
  });
});
