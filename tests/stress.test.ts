import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { describe, expect, it } from 'vitest';
import { noClassLock, noZspageLock } from './broken-strategies.mjs';
import { strategies } from './strategies.ts';
import { stress } from './stress.ts';
import type { Counts } from './stress.ts';
import { isWhole } from './workers/payload.mjs';
import { SLOTS, TABLE_WORDS, swapHandle } from './workers/slots.mjs';

const POOL_BYTES = 1536 * 1024;
const STEPS = Number(process.env['STEPS'] ?? 12_000);
const WATCHDOG_MS = 60_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Turns of the event loop that deferred reclamation may take, once nobody reads. */
const TURNS_MAX = 200;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Compacts until nothing is left, for as many turns as deferred reclamation may take. */
async function drain(pool: Pool): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX && pool.stats().pagesUsed > 0; turns++) {
    pool.compact();
    await turn();
  }
}

const newTable = (): Int32Array => new Int32Array(new SharedArrayBuffer(TABLE_WORDS * 4));

describe.each(strategies)('$name', ({ module, name, strategy, capabilities }) => {
  it.each([2, 4, 8])('keeps every object whole among %i agents on real threads', async (agents) => {
    console.log(`${name}, ${agents} agents: seed ${SEED}`);
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 16 });
    const table = newTable();
    const descriptor = pool.descriptor();

    const counts = await stress({
      module,
      name,
      descriptor,
      table,
      agents,
      steps: STEPS,
      seed: SEED,
      watchdogMs: WATCHDOG_MS,
    });

    const sum = (key: keyof Counts): number => counts.reduce((total, each) => total + each[key], 0);
    expect(sum('damaged')).toBe(0);
    pool.verify();
    for (let slot = 0; slot < SLOTS; slot++) {
      const handle = swapHandle(table, slot, 0);
      if (handle === 0) continue;
      expect(pool.read(handle, isWhole)).toBe(true);
      pool.free(handle);
    }
    await drain(pool);
    pool.verify();
    expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0, zspages: 0, bytesStored: 0, agents: 1 });
    // What the test is about did happen.
    for (const key of ['given', 'taken', 'compactions', 'moved', 'migrated'] as const) {
      expect(sum(key), key).toBeGreaterThan(0);
    }
    if (!capabilities.parks) expect(sum('endless')).toBe(0);
    if (capabilities.holdAcrossAwait) expect(sum('holds')).toBeGreaterThan(0);
    pool.detach();
  });
});

describe('the stress test', () => {
  /** One run finds a missing zspage lock nearly always; class locks always, so far. */
  const ATTEMPTS = 8;

  it.each([noZspageLock, noClassLock])('rejects a planted bug: $id', async (strategy) => {
    const module = new URL('broken-strategies.mjs', import.meta.url).href;
    let found: unknown;
    for (let attempt = 0; attempt < ATTEMPTS && found === undefined; attempt++) {
      const seed = SEED + attempt;
      const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 16 });
      const options = {
        module,
        name: strategy.id,
        descriptor: pool.descriptor(),
        table: newTable(),
        agents: 4,
        steps: 20_000,
      };
      try {
        const counts = await stress({ ...options, seed, watchdogMs: 5000 });
        if (counts.some(({ damaged }) => damaged > 0)) found = 'damaged objects';
        else pool.verify();
      } catch (error) {
        found = error;
      }
    }
    expect(found).toBeDefined();
  });
});
