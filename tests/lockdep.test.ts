// Whole pools under lockdep: core and every strategy keep to the contract, by one agent and by several on real threads.

import { createPool } from '@zsmalloc/core';
import type { HoldingPool, Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { lockdepReports, withLockdep } from '@zsmalloc/lockdep';
import { describe, expect, it } from 'vitest';
import { explorePool } from './model/model-pool.ts';
import { twoAgents } from './model/programs.ts';
import { strategies } from './strategies.ts';
import { stress } from './stress.ts';
import { drawFrom, drawSize, isWhole, payload } from './workers/payload.mjs';
import { SLOTS, TABLE_WORDS, swapHandle } from './workers/slots.mjs';

const POOL_BYTES = 1536 * 1024;
const STEPS = Number(process.env['LOCKDEP_STEPS'] ?? 4000);
const WATCHDOG_MS = 60_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const AGENTS = 4;

const decorated = new URL('workers/decorated.mjs', import.meta.url).href;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function newPool(strategy: Strategy): Pool {
  return createPool({ bytes: POOL_BYTES, strategy: withLockdep(strategy), agents: 16 });
}

describe.each(strategies)('$name under lockdep', ({ name, strategy, capabilities }) => {
  it('lets one agent make every call, also inside of reads and holds', async () => {
    const pool = newPool(strategy);
    const draw = drawFrom(SEED);
    const handles: number[] = [];
    for (let step = 0; step < 600; step++) {
      const sizeBytes = drawSize(draw);
      const handle = pool.tryMalloc(sizeBytes);
      if (handle !== 0) {
        pool.write(handle, payload(step, sizeBytes));
        handles.push(handle);
      }
      if (handles.length > 200) pool.free(handles.splice(draw(handles.length), 1)[0]);
      if (step % 50 !== 49) continue;
      pool.read(handles[0], (bytes) => {
        const made = pool.tryMalloc(100);
        pool.compact();
        pool.read(handles[1], isWhole);
        if (made !== 0) pool.free(made);
        pool.stats();
        return bytes.length;
      });
      if (capabilities.holdAcrossAwait) {
        const hold = (pool as HoldingPool).hold(handles[2]);
        await turn();
        pool.compact();
        hold.release();
      }
      const { bufferBytes, pageBytes, pagesTotal } = pool.stats();
      pool.migratePage(bufferBytes / pageBytes - pagesTotal + draw(pagesTotal));
      pool.verify();
      pool.classes();
      await turn();
    }
    await pool.compactAsync();
    await pool.freeAsync(await pool.mallocAsync(100));
    for (const handle of handles) pool.free(handle);
    pool.compact();
    pool.detach();
  });

  it(`finds nothing wrong among ${AGENTS} agents on real threads`, async () => {
    console.log(`${name}: seed ${SEED}`);
    const pool = newPool(strategy);
    const table = new Int32Array(new SharedArrayBuffer(TABLE_WORDS * 4));
    const counts = await stress({
      module: decorated,
      name,
      descriptor: pool.descriptor(),
      table,
      agents: AGENTS,
      steps: STEPS,
      seed: SEED,
      watchdogMs: WATCHDOG_MS,
    });
    expect(counts.reduce((total, { damaged }) => total + damaged, 0)).toBe(0);
    for (let slot = 0; slot < SLOTS; slot++) {
      const handle = swapHandle(table, slot, 0);
      if (handle !== 0) pool.free(handle);
    }
    pool.verify();
    expect(lockdepReports(pool)).toBe(0);
    pool.detach();
  });
});

/** Executions of each program, at random: lockdep's own words make exhaustive ones too many. */
const EXECUTIONS = Number(process.env['LOCKDEP_EXECUTIONS'] ?? 12);

/** With a pool lock, without one, and with locks that park. The rcu strategies have no pool model: pool.model.test.ts. */
const modelled = ['spin', 'preemptibleDirect', 'rwsem'];

describe.each(strategies.filter(({ name }) => modelled.includes(name)))(
  '$name under lockdep and in random schedules',
  ({ strategy }) => {
    it.each(Object.keys(twoAgents))('finds nothing wrong: %s', (what) => {
      const checked = withLockdep(strategy, { stacks: 'none', modelled: true });
      // The program is made for the strategy, as its race notes ask for the strategy's words.
      const program = { ...twoAgents[what](strategy), strategy: checked };
      const options = { ...program.options, mode: 'random' as const, maxExecutions: EXECUTIONS, seed: SEED };
      const result = explorePool({ ...program, options });
      expect(result.failure?.message).toBeUndefined();
      expect(result.verdict).not.toBe('failed');
    });
  },
);

it('reports a planted bug on real threads: movers that take the pool lock after the class lock', async () => {
  const { poolLockLast } = (await import(decorated)) as { poolLockLast: Strategy };
  const pool = createPool({ bytes: POOL_BYTES, strategy: poolLockLast, agents: 16 });
  const run = stress({
    module: decorated,
    name: poolLockLast.id,
    descriptor: pool.descriptor(),
    table: new Int32Array(new SharedArrayBuffer(TABLE_WORDS * 4)),
    agents: 2,
    steps: STEPS,
    seed: SEED,
    watchdogMs: 5000,
  });
  await expect(run).rejects.toThrowError(/order is pool > class > zspage[\s\S]*ERR_ZS_LOCKDEP_ORDER/);
  expect(lockdepReports(pool)).toBeGreaterThan(0);
});
