// Torture on a whole pool.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import type { Check, CheckContext, Finding } from '../check.ts';
import { defersReclaim } from '../invariants.ts';
import { lockdepReports, withLockdep } from '@zsmalloc/lockdep';
import { ORDER_WORDS, edgesOf } from '../order/lock-order.ts';
import { TABLE_SLOTS } from './control.ts';
import { Crew, pauseMs } from './crew.ts';
import type { CrewEnd, CrewOptions, RoleData } from './crew.ts';
import { findingOf, perAgent, sumOf, unlessIdle } from './finding.ts';
import { turn } from './pool-agent.ts';
import { isWhole } from './random.ts';
import { swapHandle } from './slots.ts';

const POOL_BYTES = 1536 * 1024;
const START_SHARE = 0.6;
const RUN_MS_MIN = 150;
/** Turns of the event loop that reclaiming may take, once nobody is inside. */
const TURNS_MAX = 200;

const runMsOf = ({ budgetMs }: CheckContext): number => Math.max(RUN_MS_MIN, budgetMs * START_SHARE);

interface PoolRun {
  readonly end: CrewEnd;
  readonly pool: Pool;
}

/** Runs a crew on a pool, and empties the pool when all have left. */
async function runPool(
  context: CheckContext,
  roles: readonly string[],
  more: Partial<CrewOptions> = {},
  { keep, data: given, caches = false }: { keep?: (pool: Pool) => number; data?: RoleData; caches?: boolean } = {},
): Promise<PoolRun> {
  const { subject, seed } = context;
  const strategy = given?.['lockdep'] === true ? withLockdep(subject.strategy) : subject.strategy;
  const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 40, caches });
  const kept = keep?.(pool);
  await turn();
  const data = { descriptor: pool.descriptor(), kept, ...given };
  const crew = new Crew({ subject, seed, roles, data, runMs: runMsOf(context), ...more });
  const end = await crew.run();
  if (end.wrong !== undefined) return { end, pool };
  try {
    await empty(pool, crew.control, kept);
    return { end, pool };
  } catch (error) {
    return { end: { ...end, wrong: (error as Error).message }, pool };
  }
}

/** Takes what is left in the table, frees it, and looks whether anything is lost. */
async function empty(pool: Pool, table: Int32Array, kept: number | undefined): Promise<void> {
  pool.verify();
  if (kept !== undefined) pool.free(kept);
  for (let slot = 0; slot < TABLE_SLOTS; slot++) {
    const handle = swapHandle(table, slot, 0);
    if (handle <= 0) continue;
    if (!pool.read(handle, isWhole)) throw new Error('an object is damaged: its bytes are not those that were written');
    pool.free(handle);
  }
  for (let turns = 0; turns < TURNS_MAX && pool.stats().pagesUsed > 0; turns++) {
    pool.compact();
    await turn();
  }
  pool.verify();
  const { objects, pagesUsed, zspages, agents } = pool.stats();
  if (objects + pagesUsed + zspages !== 0 || agents !== 1) {
    throw new Error(
      `memory is lost: an empty pool has ${objects} objects, ${pagesUsed} pages, ${zspages} zspages, ${agents} agents`,
    );
  }
}

/** Words of a structure lock that a contract allows. Lockdep needs one of its own. */
const LOCK_WORDS_MAX = 16;

/** With so much time, there are more agents. */
const LONG_MS = 3000;

const all: Check = {
  id: 'torture-pool',
  title: 'everything that a pool can do, on real threads',
  kind: 'torture',
  rows: [1, 4, 8, 13, 14, 17, 18],
  weight: 4,
  async run(context): Promise<Finding> {
    const more = context.budgetMs > LONG_MS ? ['everything', 'poolReads', 'everything'] : [];
    const roles = ['compacts', 'migrates', 'poolReads', 'everything', 'everything', ...more];
    const { end } = await runPool(context, roles, { stutters: true });
    const counts = Object.fromEntries(
      ['mallocs', 'reads', 'holds', 'moved', 'migrated'].map((what) => [what, sumOf(end, what)]),
    );
    const finding = findingOf(end, counts, [perAgent('reads of each agent', end, 'reads')]);
    return unlessIdle(finding, 'mallocs', 'reads', 'moved', 'migrated');
  },
};

const cached: Check = {
  id: 'torture-caches',
  title: 'everything that a pool can do, with agent caches, on real threads',
  kind: 'torture',
  rows: [1, 4, 13, 14, 18],
  weight: 2,
  async run(context): Promise<Finding> {
    const roles = ['compacts', 'migrates', 'everything', 'everything', 'poolReads'];
    const { end } = await runPool(context, roles, { stutters: true }, { caches: true });
    const counts = Object.fromEntries(
      ['mallocs', 'reads', 'moved', 'migrated'].map((what) => [what, sumOf(end, what)]),
    );
    return unlessIdle(findingOf(end, counts), 'mallocs', 'reads', 'moved');
  },
};

const nonBlocking: Check = {
  id: 'torture-non-blocking',
  title: 'agents that cannot block, on real threads beside one that compacts',
  kind: 'torture',
  rows: [4, 11],
  weight: 2,
  fits: ({ worksWithoutBlocking }) => worksWithoutBlocking,
  async run(context): Promise<Finding> {
    const { end } = await runPool(context, ['poolAsync', 'poolAsync', 'compacts', 'everything']);
    return unlessIdle(
      findingOf(end, { mallocs: sumOf(end, 'mallocs'), reads: sumOf(end, 'reads') }),
      'mallocs',
      'reads',
    );
  },
};

const order: Check = {
  id: 'torture-lock-order',
  title: 'the order of locks, watched on real threads',
  kind: 'torture',
  rows: [19],
  weight: 1,
  async run(context): Promise<Finding> {
    const matrix = new Int32Array(new SharedArrayBuffer(ORDER_WORDS * 4));
    const roles = ['compacts', 'migrates', 'everything'];
    const { end } = await runPool(context, roles, {}, { data: { order: matrix } });
    const edges = edgesOf(matrix);
    const counts = { 'nested locks': Object.values(edges).reduce((sum, count) => sum + count, 0) };
    return findingOf(end, counts, [{ title: 'what was waited for while what was held', buckets: edges }]);
  },
};

const lockdep: Check = {
  id: 'torture-lockdep',
  title: 'the graph of locks of all agents has no cycle, and nobody sleeps or leaves with what others wait for',
  kind: 'torture',
  rows: [8, 19],
  weight: 1,
  async run(context): Promise<Finding> {
    const { lock } = context.subject.strategy.words;
    if (lock >= LOCK_WORDS_MAX) return { verdict: 'not run', counts: { 'lock words': lock } };
    const roles = ['compacts', 'migrates', 'everything', 'everything'];
    const { end, pool } = await runPool(context, roles, {}, { data: { lockdep: true } });
    const reports = end.wrong === undefined ? lockdepReports(pool) : 0;
    const wrong = reports > 0 ? `lockdep made ${reports} reports, which the strategy has swallowed` : end.wrong;
    const counts = { mallocs: sumOf(end, 'mallocs'), reads: sumOf(end, 'reads'), moved: sumOf(end, 'moved') };
    return unlessIdle(findingOf({ ...end, wrong }, counts), 'mallocs', 'reads');
  },
};

/** So many frees make the turnovers below; a slow machine gets more time for them. */
const FREES_MIN = 3000;
const FLOOD_MS_MORE = 5000;
/** How often a flood must go through the pool's memory. */
const TURNOVERS_MIN = 2;

const flood: Check = {
  id: 'torture-flood',
  title: 'a flood of frees beside readers that are nearly always inside',
  kind: 'torture',
  rows: [14, 15],
  weight: 2,
  fits: defersReclaim,
  async run(context): Promise<Finding> {
    const direct = async (crew: Crew): Promise<void> => {
      await crew.stir(runMsOf(context));
      const endMs = performance.now() + FLOOD_MS_MORE;
      while (crew.done() < FREES_MIN && performance.now() < endMs && !crew.failed) await pauseMs(10);
    };
    const { end, pool } = await runPool(
      context,
      ['floods', 'slowReads', 'slowReads', 'floods'],
      { direct },
      { keep: (fresh) => fresh.malloc(100) },
    );
    const { pagesTotal, pageBytes } = pool.stats();
    const freedKiB = sumOf(end, 'freedKiB');
    const turnovers = freedKiB / ((pagesTotal * pageBytes) / 1024);
    const pagesHigh = Math.max(...end.reports.map(({ counts }) => counts['pagesHigh'] ?? 0));
    const counts = {
      'KiB freed': Math.round(freedKiB),
      'slow reads': sumOf(end, 'reads'),
      'mallocs refused': sumOf(end, 'full'),
    };
    const finding = findingOf(end, counts, [
      { title: 'pages in use, of all pages', buckets: { most: pagesHigh, all: pagesTotal } },
    ]);
    // A strategy may be slow. But where the pool was full, it must have become usable again.
    const wasFull = counts['mallocs refused'] > 0;
    if (finding.defect !== undefined || !wasFull || turnovers >= TURNOVERS_MIN) return finding;
    const message = `garbage is not bounded: the pool was full, and in the whole run only ${turnovers.toFixed(1)} times the pool's memory could be freed and used again, although no read lasts longer than some ms`;
    return { ...finding, verdict: 'failed', defect: { message, rows: [15] } };
  },
};

/** See the head of the file. */
export const poolTortureChecks: readonly Check[] = [all, cached, nonBlocking, order, lockdep, flood];
