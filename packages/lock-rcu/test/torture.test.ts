import { attachPool, createPool } from '@zsmalloc/core';
import { describe, expect, it } from 'vitest';
import { rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../src/index.ts';
import type { StallReport } from '../src/index.ts';
import { agent, freeAll, pipeHistogram } from './torture.ts';

const NOTHING = { slots: 0, pages: 0, bytes: 0 };
const POOL_BYTES = 2 ** 23;

describe('the pipe of rcutorture', () => {
  it('shows no reader an age past the second stage', async () => {
    const histogram = await pipeHistogram(600, 2);
    expect(histogram[0]).toBeGreaterThan(0);
    expect(histogram.slice(2)).toEqual(Array.from({ length: 9 }, () => 0));
  });

  it('catches a grace of one', async () => {
    let late = 0;
    for (let attempt = 0; late === 0 && attempt < 20; attempt++) {
      late = (await pipeHistogram(600, 1)).slice(2).reduce((sum, count) => sum + count);
    }
    expect(late).toBeGreaterThan(0);
  });
});

describe.each([rcu, rcuTurn, rcuSynchronize])('$id on real workers', (strategy) => {
  it('keeps readers, movers and frees apart: 8 agents on however many cores', async () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 12 });
    const handles = new Int32Array(new SharedArrayBuffer(4 * 300));
    for (let i = 0; i < handles.length; i++)
      pool.write((handles[i] = pool.malloc(50)), new Uint8Array(50).fill(1 + (i % 255)));
    const descriptor = pool.descriptor();
    const start = (role: string, index: number, operations: number): Promise<Record<string, number>> =>
      agent({ role, index, operations, shared: { handles }, descriptor });
    const answers = await Promise.all([
      ...[1, 2, 3].map((index) => start('churn', index, 4000)),
      ...[4, 5, 6, 7].map((index) => start('read', index, 20_000)),
      start('compact', 8, 100),
    ]);
    expect(answers.map(({ operations }) => operations)).toEqual([
      4000, 4000, 4000, 20_000, 20_000, 20_000, 20_000, 100,
    ]);
    expect(answers.reduce((sum, { wrong }) => sum + (wrong ?? 0), 0)).toBe(0);
    expect(answers.reduce((sum, { seen }) => sum + (seen ?? 0), 0)).toBeGreaterThan(0);
    pool.verify();
    freeAll(pool, handles);
    reclamationOf(pool).synchronize();
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    pool.compact();
    expect(pool.stats().pagesUsed).toBe(0);
    pool.verify();
  });
});

describe.each([rcu, rcuTurn])('$id', (strategy) => {
  it('reclaims everything after a flood', async () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
    const shared = { handle: pool.malloc(64), stop: new Int32Array(new SharedArrayBuffer(4)) };
    const reader = agent({ role: 'slowRead', index: 2, shared, descriptor: pool.descriptor() });
    const handles = Array.from({ length: 20_000 }, () => pool.malloc(100));
    for (const handle of handles) pool.free(handle);
    Atomics.store(shared.stop, 0, 1);
    await reader;
    // Silence: nobody frees any more, and any one agent reclaims all.
    reclamationOf(pool).reclaim();
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    pool.free(shared.handle);
    pool.verify();
  });

  it('bounds the garbage beside a slow reader', async () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
    const shared = { handle: pool.malloc(64), stop: new Int32Array(new SharedArrayBuffer(4)) };
    const reader = agent<number>({ role: 'slowRead', index: 2, shared, descriptor: pool.descriptor() });
    let failed = 0;
    for (let i = 0; i < 100_000; i++) {
      const handle = pool.tryMalloc(100);
      if (handle === 0) failed++;
      else pool.free(handle);
    }
    Atomics.store(shared.stop, 0, 1);
    await reader;
    expect(failed).toBe(0);
    // 100,000 frees of 112 bytes are more than the pool holds, so garbage has been reused all along.
    expect(reclamationOf(pool).stats().garbageBytesHigh).toBeLessThan(POOL_BYTES);
  });

  it('says who stalls when a reader does not end, and refuses instead of waiting for ever', () => {
    const pool = createPool({ bytes: 2 ** 20, strategy, agents: 4 });
    const reader = attachPool(pool.descriptor(), { strategies: [strategy] });
    const reports: StallReport[] = [];
    reclamationOf(pool).onStall = (report) => reports.push(report);
    const kept = pool.malloc(64);
    const offset = reader.readBegin(kept);
    expect(() => {
      for (;;) pool.free(pool.malloc(2000));
    }).toThrow(/ERR_ZS_NO_MEMORY/);
    expect(reports.map(({ laggards }) => laggards.map(({ agent: index }) => index))).toEqual([[2]]);
    expect(reclamationOf(pool).stats().laggards).toEqual([{ agent: 2, epochsBehind: 1 }]);
    reader.readEnd(offset);
    reclamationOf(reader).quiescent();
    pool.free(pool.malloc(2000));
    reclamationOf(pool).reclaim();
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    pool.verify();
  });
});
