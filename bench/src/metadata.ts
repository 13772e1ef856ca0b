// What the tables of a large pool cost: fills a pool with 256-byte objects until it refuses one.

import { createPool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { check } from './checks.ts';

export const OBJECT_BYTES = 256;
/** Most metadata of a full pool, as a share of its bytes; the 8 bytes in each slot are not in it. */
export const METADATA_SHARE_MAX = 0.03;

/** A pool that is full. */
export interface MetadataResult {
  readonly poolBytes: number;
  readonly objects: number;
  readonly objectsCapacity: number;
  readonly bytesMetadata: number;
  readonly fillSeconds: number;
}

/** Fills a pool of `poolBytes`. */
export function runMetadata(strategy: Strategy, poolBytes: number): MetadataResult {
  const pool = createPool({ bytes: poolBytes, strategy });
  const start = performance.now();
  let objects = 0;
  while (pool.tryMalloc(OBJECT_BYTES) !== 0) objects++;
  const fillSeconds = (performance.now() - start) / 1000;
  const stats = pool.stats();
  check(stats.objects === objects, `the pool counts ${stats.objects} objects, ${objects} were allocated.`);
  const result = {
    poolBytes: stats.bufferBytes,
    objects,
    objectsCapacity: stats.objectsCapacity,
    bytesMetadata: stats.bytesMetadata,
    fillSeconds,
  };
  pool.detach();
  return result;
}
