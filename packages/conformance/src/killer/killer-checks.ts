// Agents that are killed: terminated workers on real threads, and a death before each operation under the explorer.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import type { Check, CheckContext, Finding } from '../check.ts';
import { TABLE_BASE, TABLE_SLOTS } from '../torture/control.ts';
import { Crew, pauseMs } from '../torture/crew.ts';
import type { CrewEnd } from '../torture/crew.ts';
import { findingOf, sumOf } from '../torture/finding.ts';
import { turn } from '../torture/pool-agent.ts';
import { drawFrom, isWhole, payload } from '../torture/random.ts';
import { IN_HAND_MAX } from './mortal-roles.ts';
import { watchWorker } from './recovery.ts';

const POOL_BYTES = 1536 * 1024;
const AGENTS = 4;
const KEPT_BYTES = 900;
const SHARE = 0.7;
const RUN_MS_MIN = 300;
/** Longest life of an agent between two kills, in ms. */
const LIFE_MS = 25;
const TURNS_MAX = 200;

/** Kills one agent after the other, each at some moment, and hires another one in its place. */
async function killAll(crew: Crew, { seed, budgetMs }: CheckContext): Promise<number> {
  const draw = drawFrom(seed);
  const endMs = performance.now() + Math.max(RUN_MS_MIN, budgetMs * SHARE);
  let kills = 0;
  while (performance.now() < endMs && !crew.failed) {
    await pauseMs(1 + draw(LIFE_MS));
    const victim = draw(AGENTS);
    const worker = crew.workers[victim];
    if (worker === undefined) continue;
    await worker.terminate();
    kills++;
    crew.hire(victim);
  }
  // Whoever was killed last is recovered from when its end is known.
  await pauseMs(5);
  return kills;
}

/** What is wrong with the pool, or undefined. */
async function lookAt(pool: Pool, table: Int32Array, kept: number, kills: number): Promise<string | undefined> {
  pool.verify();
  if (!pool.read(kept, isWhole)) return 'an object that nobody changed is damaged';
  pool.free(kept);
  for (let slot = 0; slot < TABLE_SLOTS; slot++) {
    const handle = Atomics.exchange(table, TABLE_BASE + slot, 0);
    if (handle === 0) continue;
    if (!pool.read(handle, isWhole)) return 'an object that was whole when its maker died is damaged';
    pool.free(handle);
  }
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    pool.compact();
    await turn();
  }
  pool.verify();
  const { objects, agents } = pool.stats();
  if (objects > kills * IN_HAND_MAX) {
    return `memory is lost: ${objects} objects are left after ${kills} deaths, each of which can explain ${IN_HAND_MAX}`;
  }
  return agents === 1 ? undefined : `${agents} agents count as attached although all have gone`;
}

const killer: Check = {
  id: 'killer-pool',
  title: 'agents are terminated at any moment, and others take their places',
  kind: 'killer',
  rows: [9, 10, 17],
  weight: 4,
  fits: ({ robust }) => robust,
  async run(context): Promise<Finding> {
    const { subject, seed } = context;
    const pool = createPool({ bytes: POOL_BYTES, strategy: subject.strategy, agents: 40 });
    const kept = pool.malloc(KEPT_BYTES);
    pool.write(kept, payload(seed, KEPT_BYTES));
    let kills = 0;
    const crew = new Crew({
      subject,
      seed,
      roles: Array.from({ length: AGENTS }, () => 'mortal'),
      data: { descriptor: pool.descriptor(), kept },
      runMs: 0,
      onHire: (worker) => watchWorker(pool, worker),
      direct: async (running) => {
        kills = await killAll(running, context);
      },
    });
    let end: CrewEnd = await crew.run();
    if (end.wrong === undefined) {
      try {
        end = { ...end, wrong: await lookAt(pool, crew.control, kept, kills) };
      } catch (error) {
        end = { ...end, wrong: (error as Error).stack };
      }
    }
    const finding = findingOf(end, { kills, mallocs: sumOf(end, 'mallocs') });
    // Who hangs waits for what a dead agent had.
    return finding.defect === undefined ? finding : { ...finding, defect: { ...finding.defect, rows: [9, 10, 17] } };
  },
};

/** See the head of the file. */
export const killerChecks: readonly Check[] = [killer];
