import { attachPool, createPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { createAgent } from '@zsmalloc/core/words';
import { spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { EPOCH_WORDS, Epochs, TurnEpochs, rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../src/index.ts';

const NOTHING = { slots: 0, pages: 0, bytes: 0 };
const newPool = (strategy: typeof rcu) => createPool({ bytes: 2 ** 21, strategy, agents: 4 });
const nextTurn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

function newEpochs(Class: typeof Epochs, count: number): Epochs[] {
  const words = new Int32Array(new SharedArrayBuffer(4096));
  const place = { poolBase: 0, agentBase: EPOCH_WORDS.pool, agentStride: 32 };
  return Array.from({ length: count }, (_, i) => new Class(createAgent(words, i + 1), place));
}

describe('Epochs without a pool', () => {
  it('end a grace period when the last section that was open has ended', () => {
    const [reader, writer] = newEpochs(Epochs, 2) as [Epochs, Epochs];
    reader.pin();
    reader.pin();
    const cookie = writer.cookie();
    expect(writer.poll(cookie)).toBe(false);
    expect(writer.laggards()).toEqual([{ agent: 1, epochsBehind: 1 }]);
    reader.unpin();
    expect(writer.poll(cookie)).toBe(false);
    reader.unpin();
    expect(writer.poll(cookie)).toBe(true);
    expect(writer.laggards()).toEqual([]);
  });

  it('go on across the wrap of EPOCH', () => {
    const words = new Int32Array(new SharedArrayBuffer(4096));
    words[0] = 2 ** 28 - 1;
    const place = { poolBase: 0, agentBase: EPOCH_WORDS.pool, agentStride: 32 };
    const reader = new Epochs(createAgent(words, 1), place);
    const writer = new Epochs(createAgent(words, 2), place);
    reader.pin();
    const cookie = writer.cookie();
    expect(writer.poll(cookie)).toBe(false);
    reader.unpin();
    writer.synchronize();
    expect(writer.poll(cookie)).toBe(true);
  });

  it.each([Epochs, TurnEpochs])('refuse wrong use: %o', (Class) => {
    const [epochs] = newEpochs(Class, 1) as [Epochs];
    expect(() => epochs.unpin()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    epochs.pin();
    expect(() => epochs.synchronize()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    epochs.unpin();
    expect(() => epochs.unpin()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    epochs.synchronize();
  });
});

describe('turns', () => {
  it('end at the first await, and not before', async () => {
    const [reader, writer] = newEpochs(TurnEpochs, 2) as [Epochs, Epochs];
    reader.pin();
    reader.unpin();
    const cookie = writer.cookie();
    expect(writer.poll(cookie)).toBe(false);
    await undefined;
    expect(writer.poll(cookie)).toBe(true);
  });

  it('wait for reads that are open at their end', async () => {
    const [reader, writer] = newEpochs(TurnEpochs, 2) as [Epochs, Epochs];
    reader.pin();
    const cookie = writer.cookie();
    await nextTurn();
    expect(writer.poll(cookie)).toBe(false);
    reader.pin();
    reader.unpin();
    expect(reader.nest).toBe(1);
    expect(() => reader.synchronize()).toThrow(/ERR_ZS_LOCK_MISUSE/);
    reader.unpin();
    expect(writer.poll(cookie)).toBe(true);
  });

  it('pass quiescent states in a long loop when asked, or by themselves', () => {
    const [reader, writer] = newEpochs(TurnEpochs, 2) as [Epochs, Epochs];
    const read = (): void => {
      reader.pin();
      reader.unpin();
    };
    read();
    const cookie = writer.cookie();
    for (let i = 0; i < 1000 && !writer.poll(cookie); i++) {
      writer.expedite();
      read();
    }
    expect(writer.poll(cookie)).toBe(true);
    read();
    reader.quiescent();
    expect(writer.poll(writer.cookie())).toBe(true);
  });
});

describe.each([rcu, rcuTurn, rcuSynchronize])('reclamation under $id', (strategy) => {
  it('keeps the bytes of an object that is freed while another agent reads it', async () => {
    const pool = newPool(strategy as typeof rcu);
    const other = attachPool(pool.descriptor(), { strategies: [strategy] });
    const handle = pool.malloc(3000);
    pool.write(handle, new Uint8Array(3000).fill(7));
    const offset = other.readBegin(handle);
    // rcuSynchronize would wait for the reader, which is this very thread.
    const bound = pool as unknown as { state: { agent: { mayBlock: boolean } } };
    bound.state.agent.mayBlock = false;
    pool.free(handle);
    expect(() => pool.free(handle)).toThrow(/ERR_ZS_BAD_HANDLE/);
    expect(() => pool.sizeOf(handle)).toThrow(/ERR_ZS_BAD_HANDLE/);
    pool.write(pool.malloc(3000), new Uint8Array(3000).fill(9));
    expect([other.bytes[offset], other.bytes[offset + 2999]]).toEqual([7, 7]);
    expect(reclamationOf(pool).stats().garbage.slots).toBe(1);
    other.readEnd(offset);
    await reclamationOf(pool).synchronizeAsync();
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    pool.verify();
  });

  it('is held up by a hold in its own zspage only', async () => {
    const pool = newPool(strategy as typeof rcu);
    const [held, elsewhere] = [pool.malloc(100), pool.malloc(2000)];
    pool.write(held, new Uint8Array(100).fill(7));
    const hold = pool.hold(held);
    await nextTurn();
    pool.free(held);
    pool.free(elsewhere);
    reclamationOf(pool).synchronize();
    expect(reclamationOf(pool).stats().garbage.slots).toBe(1);
    expect(hold.segments[0]![99]).toBe(7);
    hold.release();
    reclamationOf(pool).reclaim();
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    pool.verify();
  });

  it('compacts beside a reader, and frees the pages after it', () => {
    const pool = newPool(strategy as typeof rcu);
    const other = attachPool(pool.descriptor(), { strategies: [strategy] });
    const handles = Array.from({ length: 200 }, () => pool.malloc(500));
    for (const handle of handles) pool.write(handle, new Uint8Array(500).fill(7));
    handles.forEach((handle, i) => i % 2 === 0 && pool.free(handle));
    reclamationOf(pool).synchronize();
    const offset = other.readBegin(handles[199]!);
    (pool as unknown as { state: { agent: { mayBlock: boolean } } }).state.agent.mayBlock = false;
    const before = pool.stats().pagesUsed;
    const { movedObjects, freedPages, skippedZspages } = pool.compact();
    expect(movedObjects).toBeGreaterThan(0);
    expect([freedPages, skippedZspages]).toEqual([0, 0]);
    expect(other.bytes[offset]).toBe(7);
    pool.verify();
    other.readEnd(offset);
    reclamationOf(other).quiescent();
    reclamationOf(pool).reclaim();
    expect(pool.stats().pagesUsed).toBeLessThan(before);
    pool.verify();
  });

  it('polls', async () => {
    const pool = newPool(strategy as typeof rcu);
    const other = attachPool(pool.descriptor(), { strategies: [strategy] });
    const handle = pool.malloc(10);
    const offset = other.readBegin(handle);
    const reclamation = reclamationOf(pool);
    const cookie = reclamation.cookie();
    reclamation.expedite();
    expect(reclamation.poll(cookie)).toBe(false);
    expect(reclamation.stats().laggards).toEqual([{ agent: 2, epochsBehind: 1 }]);
    other.readEnd(offset);
    await nextTurn();
    expect(reclamation.poll(cookie)).toBe(true);
  });

  it('refuses to wait inside a read, and other pools', () => {
    const pool = newPool(strategy as typeof rcu);
    const handle = pool.malloc(10);
    pool.read(handle, () => expect(() => reclamationOf(pool).synchronize()).toThrow(/ERR_ZS_LOCK_MISUSE/));
    expect(() => reclamationOf(createPool({ bytes: 2 ** 21, strategy: spin }))).toThrow(/ERR_ZS_OPTION/);
    pool.detach();
    expect(() => reclamationOf(pool)).toThrow(/ERR_ZS_OPTION/);
  });

  it('refuses to retire twice', () => {
    const pool = newPool(strategy as typeof rcu);
    const bound = strategyOf(pool);
    let cell = 0;
    const { readBegin } = bound;
    bound.readBegin = (word) => readBegin.call(bound, (cell = word));
    const handle = pool.malloc(10);
    pool.readEnd(pool.readBegin(handle));
    const location = new Int32Array(pool.bytes.buffer)[cell]!;
    pool.free(handle);
    expect(() => bound.retireObject(cell, location)).toThrow(/ERR_ZS_LOCK_MISUSE/);
  });
});

describe('rcuSynchronize', () => {
  it('has reclaimed what left a zspage empty when the call returns', () => {
    const pool = createPool({ bytes: 2 ** 21, strategy: rcuSynchronize });
    pool.free(pool.malloc(2000));
    expect(reclamationOf(pool).stats().garbage).toEqual(NOTHING);
    expect(pool.stats().pagesUsed).toBe(0);
  });

  it('defers inside a read of its own', () => {
    const pool = createPool({ bytes: 2 ** 21, strategy: rcuSynchronize });
    const handle = pool.malloc(2000);
    pool.read(handle, () => pool.free(handle));
    expect(reclamationOf(pool).stats()).toMatchObject({ deferred: 1, garbage: { slots: 1 } });
  });
});

describe('an agent that may not block', () => {
  it('gets ERR_ZS_WOULD_BLOCK from a full pool while readers keep garbage, and memory from the async twin', async () => {
    const pool = newPool(rcu);
    const other = attachPool(pool.descriptor(), { strategies: [rcu] });
    const kept = pool.malloc(10);
    const offset = other.readBegin(kept);
    const { agent } = (pool as unknown as { state: { agent: { mayBlock: boolean } } }).state;
    agent.mayBlock = false;
    expect(() => {
      for (;;) pool.free(pool.malloc(4096));
    }).toThrow(/ERR_ZS_WOULD_BLOCK/);
    const later = pool.mallocAsync(4096);
    await nextTurn();
    other.readEnd(offset);
    expect(await later).toBeGreaterThan(0);
    agent.mayBlock = true;
    pool.verify();
  });
});
