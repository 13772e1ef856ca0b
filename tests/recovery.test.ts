import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import type { AgentPort, RecoveryReport } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { spin } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { strategyNamed } from './strategies.ts';

const POOL_BYTES = 1024 * 1024;

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
