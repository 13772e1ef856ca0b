// Compiled kernels on real threads: beside agents that run JavaScript, beside movers, and beside deaths.

import { createPool } from '@zsmalloc/core';
import { wasm } from '@zsmalloc/wasm';
import { describe, expect, it } from 'vitest';
import { Killer } from './killer.ts';
import { strategyNamed } from './strategies.ts';
import { stress } from './stress.ts';
import { SLOTS, TABLE_WORDS, swapHandle } from './workers/slots.mjs';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = Number(process.env['KERNEL_STEPS'] ?? 60_000);
const KILLS = Number(process.env['KILLS'] ?? 15);
const WATCHDOG_MS = 60_000;

describe.each(['spin', 'preemptibleDirect', 'bigReader'].map(strategyNamed))('kernels of $name', (known) => {
  const { module, name, strategy } = known;

  it('damage nothing among 6 agents, two of which have none', async () => {
    console.log(`${name}: seed ${SEED}`);
    const pool = createPool({ bytes: 1536 * 1024, strategy, agents: 16, kernels: wasm });
    const table = new Int32Array(new SharedArrayBuffer(TABLE_WORDS * 4));
    const counts = await stress({
      module,
      name,
      descriptor: pool.descriptor(),
      table,
      agents: 6,
      steps: STEPS,
      seed: SEED,
      watchdogMs: WATCHDOG_MS,
    });
    const total = (kind: 'damaged' | 'endless' | 'moved'): number =>
      counts.reduce((sum, found) => sum + found[kind], 0);
    expect([total('damaged'), total('endless')]).toEqual([0, 0]);
    expect(total('moved')).toBeGreaterThan(0);
    for (let slot = 0; slot < SLOTS; slot++) {
      const handle = swapHandle(table, slot, 0);
      if (handle !== 0) pool.free(handle);
    }
    pool.verify();
    expect(pool.stats().objects).toBe(0);
    pool.detach();
  });

  it.each([
    ['', false],
    [', with objects cached', true],
  ])(
    `lose nothing when ${KILLS} agents die at random instants%s`,
    { timeout: 120_000 + KILLS * 5000 },
    async (_title, caches) => {
      console.log(`${name}: seed ${SEED}`);
      const options = { strategy: known, workers: 5, kills: KILLS, seed: SEED, kernels: wasm, caches };
      const { recoveryMs: _, reports, killed, steps, ...costs } = await new Killer(options).run();
      console.log(`${name}: ${killed} killed, ${steps} steps, ${reports.length} recoveries`);
      expect(costs).toEqual({ damaged: 0, halfWritten: 0, lostObjects: 0, lostPages: 0 });
      expect(killed).toBeGreaterThanOrEqual(KILLS);
      expect(reports.length).toBeGreaterThan(KILLS / 2);
    },
  );
});
