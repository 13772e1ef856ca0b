// Verifies what a pool holds against the data set: every byte of every slot, not a sample.

import { CheckError, check } from './checks.ts';
import type { Dataset } from './dataset.ts';
import type { ReplayPool } from './null-pool.ts';
import type { SlotTable } from './slot-table.ts';

/** What a full verification went through. */
export interface ContentsSeen {
  readonly slots: number;
  readonly objects: number;
  readonly samePages: number;
  readonly bytes: number;
}

/** Index of the first byte that differs, or -1. */
function findDifference(pool: ReplayPool, offset: number, expected: Uint8Array): number {
  const { bytes, readFirstBytes, readSecondOffset } = pool;
  const at = (start: number, end: number): Buffer => Buffer.from(bytes.buffer, start, end - start);
  const rest = expected.length - readFirstBytes;
  const stored = [at(offset, offset + readFirstBytes), at(readSecondOffset, readSecondOffset + rest)];
  if (Buffer.concat(stored).equals(expected)) return -1;
  return Buffer.concat(stored).findIndex((byte, index) => byte !== expected[index]);
}

/** Compares one object with what was stored; throws a CheckError when they differ. */
export function verifyObject(pool: ReplayPool, handle: number, expected: Uint8Array, where: string): void {
  const offset = pool.readBegin(handle);
  try {
    const { readLength } = pool;
    check(
      readLength === expected.length,
      `${where}: the object has ${readLength} bytes, but ${expected.length} were stored.`,
    );
    const wrong = findDifference(pool, offset, expected);
    check(wrong < 0, `${where}: byte ${wrong} of ${expected.length} is not what was stored.`);
  } finally {
    pool.readEnd(offset);
  }
}

/** Verifies every slot while no worker runs. Throws a CheckError at the first difference. */
export function verifyContents(pool: ReplayPool, slots: SlotTable, dataset: Dataset): ContentsSeen {
  const handles = new Set<number>();
  let samePages = 0;
  let bytes = 0;
  for (let slot = 0; slot < slots.count; slot++) {
    check(!slots.isOwned(slot), `slot ${slot} is still locked after all workers ended.`);
    const page = slots.pageOf(slot);
    const handle = slots.handleOf(slot);
    if (page < 0 || dataset.isSame(page)) {
      check(handle === 0, `slot ${slot} needs no object but has handle ${handle}.`);
      if (page >= 0) samePages++;
      continue;
    }
    if (handles.has(handle)) throw new CheckError(`slot ${slot} has handle ${handle}, which another slot has too.`);
    handles.add(handle);
    verifyObject(pool, handle, dataset.objects[page]!, `slot ${slot}, page ${page}, handle ${handle}`);
    bytes += dataset.lengthOf(page);
  }
  return { slots: slots.count, objects: handles.size, samePages, bytes };
}
