// A pool that nobody uses any more: its garbage reclaimed, and, once everything is freed, seen to be empty.

import { setImmediate as turn } from 'node:timers/promises';
import type { Pool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { check } from './checks.ts';

/** Turns of the event loop that a strategy with deferred frees gets to return its last garbage. */
const TURNS_MAX = 100;
/** Turns without anything to reclaim: a grace period takes two advances of the epoch. */
const IDLE_TURNS = 3;

/** Lets a strategy with deferred frees reclaim all its garbage. */
export async function settle(pool: Pool): Promise<void> {
  for (let turns = 0, idle = 0; turns < TURNS_MAX && idle < IDLE_TURNS; turns++) {
    await turn();
    idle = strategyOf(pool).reclaim(true) === 0 ? idle + 1 : 0;
  }
}

/** Throws a CheckError unless the pool is sound and holds nothing. */
export async function checkEmpty(pool: Pool): Promise<void> {
  await settle(pool);
  pool.compact();
  await settle(pool);
  pool.verify();
  const { objects, bytesStored, pagesUsed } = pool.stats();
  check(
    objects === 0 && bytesStored === 0 && pagesUsed === 0,
    `everything was freed, but the pool still counts ${objects} objects, ${bytesStored} bytes and ${pagesUsed} pages.`,
  );
}
