import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import type { AgentLocks, AgentPort, RecoveryReport } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import type { Strategy } from '@zsmalloc/core/strategy';
import { spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { strategies, strategyNamed } from './strategies.ts';

const POOL_BYTES = 1024 * 1024;
/** Only for what hangs. */
const WATCHDOG_MS = 20_000;

/** As a stranger may write one. */
const strange: Strategy = {
  ...spin,
  id: 'strange',
  capabilities: { ...spin.capabilities, robust: false },
  bind: (host) => Object.assign(spin.bind(host), { recovery: undefined }),
};

function codeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('watching', () => {
  it.each([1, 300])(
    'an agent over a port recovers from its death inside %i reads, and frees what noted them',
    async (reads) => {
      const { strategy, module, name } = strategyNamed('preemptibleDirect');
      const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
      const handle = pool.malloc(100);
      const { port1, port2 } = new MessageChannel();
      const recovered = new Promise<RecoveryReport>((resolve) => {
        pool.watch(port1 as unknown as AgentPort, { onRecovered: resolve });
      });
      const workerData = { module, name, descriptor: pool.descriptor(), port: port2, handle, reads };
      const worker = new Worker(new URL('workers/announcer.mjs', import.meta.url), {
        workerData,
        transferList: [port2],
      });
      for (let said: unknown; said !== 'reading';) [said] = (await once(port1, 'message')) as [unknown];
      const page = Math.floor(pool.readBegin(handle) / 4096);
      pool.readEnd(page * 4096);
      expect(pool.migratePage(page).result).toBe('busy');
      expect(pool.stats().agents).toBe(2);
      const exited = once(worker, 'exit');
      void worker.terminate();
      const report = await recovered;
      await exited;
      expect(report).toMatchObject({ reads, torn: 0, lastMalloc: 0, classes: [] });
      expect(pool.migratePage(page).result).toBe('migrated');
      pool.verify();
      expect(pool.stats().agents).toBe(1);
      port1.close();
    },
  );

  it('a small agent recovers while the creator of the dead one is blocked', () => {
    const { strategy, module, name } = strategyNamed('spin');
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
    const { port1, port2 } = new MessageChannel();
    const control = new Int32Array(new SharedArrayBuffer(16));
    const shared = { module, name, descriptor: pool.descriptor(), control };
    const start = (file: string, port: MessagePort, data: object = {}): Worker =>
      new Worker(new URL(`workers/${file}`, import.meta.url), {
        workerData: { ...shared, ...data, port },
        transferList: [port],
      });
    const reaper = start('reaper.mjs', port1);
    const worker = start('announcer.mjs', port2, { reads: 0, locks: [...pool.classes().keys()] });
    const heard = (word: number): boolean => Atomics.wait(control, word, 0, WATCHDOG_MS) !== 'timed-out';
    // From here on this event loop takes no turn.
    expect([heard(0), heard(1)]).toEqual([true, true]);
    expect(Atomics.load(control, 2)).toBe(0);
    void worker.terminate();
    expect(heard(2)).toBe(true);
    expect(control[3]).toBe(pool.classes().length);
    pool.free(pool.malloc(100));
    pool.verify();
    void reaper.terminate();
  });

  it.each(strategies.filter(({ capabilities }) => capabilities.robust))(
    'an agent that waits for the lock of a dead one, with all locks before it held, lets others recover: $name',
    async ({ strategy, module, name }) => {
      const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
      const { port1, port2 } = new MessageChannel();
      const control = new Int32Array(new SharedArrayBuffer(16));
      const shared = { module, name, descriptor: pool.descriptor(), control };
      const recovered = new Promise<RecoveryReport>((resolve) => {
        pool.watch(port1 as unknown as AgentPort, { onRecovered: resolve });
      });
      const classIndex = 20;
      const victim = new Worker(new URL('workers/announcer.mjs', import.meta.url), {
        workerData: { ...shared, port: port2, reads: 0, locks: [classIndex] },
        transferList: [port2],
      });
      await expect.poll(() => Atomics.load(control, 0), { timeout: WATCHDOG_MS }).toBe(1);
      const counter = new Worker(new URL('workers/counter.mjs', import.meta.url), { workerData: shared });
      const { holderOf } = strategyOf(pool).recovery!;
      await expect.poll(() => holderOf(classIndex - 1), { timeout: WATCHDOG_MS }).not.toBe(0);
      void victim.terminate();
      await recovered;
      await expect.poll(() => Atomics.load(control, 1), { timeout: WATCHDOG_MS }).toBeGreaterThan(0);
      await counter.terminate();
      pool.verify();
    },
    WATCHDOG_MS * 2,
  );

  const locks = (globalThis as { navigator?: { locks?: AgentLocks } }).navigator?.locks;
  const withLocks = locks === undefined ? 'Web Locks (skipped: this Node has none; from 24 on)' : 'Web Locks';
  it.skipIf(locks === undefined)(`an agent recovers from another one's death by ${withLocks}`, async () => {
    const { strategy, module, name } = strategyNamed('spin');
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 4 });
    const control = new Int32Array(new SharedArrayBuffer(16));
    const recovered = new Promise<RecoveryReport>((resolve) => pool.watch(locks!, { onRecovered: resolve }));
    const workerData = { module, name, descriptor: pool.descriptor(), reads: 3, handle: pool.malloc(100), control };
    const worker = new Worker(new URL('workers/announcer.mjs', import.meta.url), { workerData });
    await expect.poll(() => Atomics.load(control, 0), { timeout: WATCHDOG_MS }).toBe(1);
    // The watcher has found it.
    await new Promise((resolve) => void setTimeout(resolve, 300));
    void worker.terminate();
    expect(await recovered).toMatchObject({ reads: 3, classes: [] });
    pool.verify();
    pool.detach();
  });

  it('says what it cannot watch', () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy: strategyNamed('spin').strategy });
    expect(codeOf(() => pool.watch({} as never))).toBe('ERR_ZS_OPTION');
    expect(codeOf(() => pool.recover(pool.agentIndex))).toBe('ERR_ZS_OPTION');
    expect(pool.recover()).toEqual([]);
  });
});

describe('a strategy without recovery', () => {
  it('gives the record of an agent back that died outside of all calls', () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy: strange, agents: 4 });
    const other = attachPool(pool.descriptor(), { strategies: [strange] });
    const handle = other.malloc(100);
    expect(pool.recover(other.agentIndex)).toMatchObject([{ lastMalloc: handle }]);
    expect(pool.stats().agents).toBe(1);
    pool.verify();
  });

  it('poisons the pool when an agent dies inside a read: every call of every agent throws', () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy: strange, agents: 4 });
    const [other, third] = [0, 1].map(() => attachPool(pool.descriptor(), { strategies: [strange] }));
    const handle = pool.malloc(100);
    other!.readBegin(handle);
    expect(codeOf(() => pool.recover(other!.agentIndex))).toBe('ERR_ZS_POISONED');
    for (const agent of [pool, third!]) {
      expect(codeOf(() => agent.malloc(10))).toBe('ERR_ZS_POISONED');
      expect(codeOf(() => agent.free(handle))).toBe('ERR_ZS_POISONED');
      expect(codeOf(() => agent.read(handle, () => {}))).toBe('ERR_ZS_POISONED');
      expect(codeOf(() => agent.write(handle, new Uint8Array(1)))).toBe('ERR_ZS_POISONED');
      expect(codeOf(() => agent.compact())).toBe('ERR_ZS_POISONED');
      expect(codeOf(() => agent.recover())).toBe('ERR_ZS_POISONED');
    }
  });
});
