// What a pool needs for what it holds: as the workers left it, and around a compaction with half of the objects gone.

import type { Pool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { check } from './checks.ts';
import { verifyContents } from './contents.ts';
import type { Dataset } from './dataset.ts';
import { shuffled } from './random.ts';
import type { Random } from './random.ts';
import { checkEmpty, settle } from './settle.ts';
import type { SlotTable } from './slot-table.ts';

/** Memory of a pool, and what a final compaction does to it once half of the objects are gone. */
export interface CellMemory {
  readonly poolBytes: number;
  readonly bytesStored: number;
  readonly bytesUsed: number;
  readonly bytesMetadata: number;
  /** Most bytes used that the main agent saw while the workers ran. */
  readonly bytesUsedPeak: number;
  /** Most bytes of retired objects at once; null for strategies that defer no frees. */
  readonly garbageBytesHigh: number | null;
  /** After freeing half of the objects in random order, before compaction. */
  readonly halfStored: number;
  readonly halfUsedBefore: number;
  readonly halfUsedAfter: number;
  readonly halfPagesFreed: number;
}

function freeSlots(pool: Pool, slots: SlotTable, which: readonly number[]): void {
  for (const slot of which) {
    const handle = slots.handleOf(slot);
    if (handle !== 0) pool.free(handle);
    slots.setPage(slot, 0, -1);
  }
}

/** Most bytes of garbage that waited for readers at once; null for strategies without deferred frees. */
export function garbageHigh(pool: Pool): number | null {
  const { reclamation } = strategyOf(pool) as { reclamation?: { stats(): { garbageBytesHigh: number } } };
  return reclamation?.stats().garbageBytesHigh ?? null;
}

/** Measures a pool that only this agent uses. Verifies all contents and the pool after each change. */
export async function measureMemory(
  pool: Pool,
  slots: SlotTable,
  dataset: Dataset,
  pagesPeak: number,
  random: Random,
): Promise<CellMemory> {
  const garbageBytesHigh = garbageHigh(pool);
  await settle(pool);
  pool.verify();
  const full = pool.stats();
  const occupied = Array.from({ length: slots.count }, (_, slot) => slot).filter((slot) => slots.handleOf(slot) !== 0);
  check(
    full.objects === occupied.length,
    `the pool counts ${full.objects} objects, the slots hold ${occupied.length}.`,
  );
  freeSlots(pool, slots, shuffled(occupied, random).slice(0, occupied.length >> 1));
  await settle(pool);
  const before = pool.stats();
  pool.compact();
  // Under deferred frees the pages of moved objects come free a grace period later.
  await settle(pool);
  pool.verify();
  const { bytes } = verifyContents(pool, slots, dataset);
  const after = pool.stats();
  check(after.bytesStored === bytes, `the pool counts ${after.bytesStored} bytes stored, the slots hold ${bytes}.`);
  return {
    poolBytes: full.bufferBytes,
    bytesStored: full.bytesStored,
    bytesUsed: full.bytesUsed,
    bytesMetadata: full.bytesMetadata,
    bytesUsedPeak: Math.max(pagesPeak, full.pagesUsed) * full.pageBytes,
    halfStored: before.bytesStored,
    halfUsedBefore: before.bytesUsed,
    halfUsedAfter: after.bytesUsed,
    halfPagesFreed: before.pagesUsed - after.pagesUsed,
    garbageBytesHigh,
  };
}

/** Frees everything and sees that no page stays in use. */
export async function verifyEmpty(pool: Pool, slots: SlotTable): Promise<void> {
  freeSlots(
    pool,
    slots,
    Array.from({ length: slots.count }, (_, slot) => slot),
  );
  await checkEmpty(pool);
}
