// What runs an allocator pattern: a strategy's pool, the pattern alone, or a peer.

import { attachPool, createPool } from '@zsmalloc/core';
import type { Pool, PoolDescriptor } from '@zsmalloc/core';
import { HARNESS_ID, loadStrategy, strategyIdOf } from '../strategies.ts';
import type { Heap } from './heap.ts';
import { EmptyHeap, PoolHeap } from './pool-heap.ts';
import type { ThingHeapDescriptor } from '../peers/thing-heap.ts';

/** Behind a strategy's id: the strategy, in a pool with agent caches. */
export const CACHES_SUFFIX = '~caches';

/** Id of the peer that allocates in shared memory. */
export const THING = 'thing-spin';

/** Plain data from which a worker makes its side. */
export type HeapDescriptor =
  | { readonly kind: 'pool'; readonly strategyId: string; readonly pool: PoolDescriptor }
  | { readonly kind: 'thing'; readonly thing: ThingHeapDescriptor }
  | { readonly kind: 'empty' };

/** The main agent's side. */
export interface HeapMaker {
  readonly heap: Heap;
  readonly descriptor: HeapDescriptor;
  /** Null for everything but pools. */
  readonly pool: Pool | null;
  /** Bytes that the allocator has taken for objects, holes included; null for the pattern alone. */
  usedBytes(): number | null;
}

/** Room over the bytes stored: fragmentation, tables, and garbage of deferred frees. */
const POOL_ROOM = 4;
const POOL_BYTES_MIN = 2 ** 22;

export async function createHeap(subject: string, storedBytes: number): Promise<HeapMaker> {
  const bytes = Math.max(POOL_BYTES_MIN, storedBytes * POOL_ROOM);
  if (subject === HARNESS_ID) {
    return { heap: new EmptyHeap(), descriptor: { kind: 'empty' }, pool: null, usedBytes: () => null };
  }
  if (subject === THING) {
    const { ThingHeap } = await import('../peers/thing-heap.ts');
    const heap = ThingHeap.create(bytes);
    return {
      heap,
      descriptor: { kind: 'thing', thing: heap.descriptor() },
      pool: null,
      usedBytes: () => heap.usedBytes(),
    };
  }
  const pool = createPool({
    bytes,
    strategy: await loadStrategy(strategyIdOf(subject)),
    caches: subject.endsWith(CACHES_SUFFIX),
  });
  return {
    heap: new PoolHeap(pool),
    descriptor: { kind: 'pool', strategyId: strategyIdOf(subject), pool: pool.descriptor() },
    pool,
    usedBytes: () => pool.stats().bytesUsed,
  };
}

/** A worker's side. @param index From 0. */
export async function attachHeap(descriptor: HeapDescriptor, index: number): Promise<Heap> {
  if (descriptor.kind === 'empty') return new EmptyHeap();
  if (descriptor.kind === 'thing') {
    const { ThingHeap } = await import('../peers/thing-heap.ts');
    return ThingHeap.attach(descriptor.thing, index);
  }
  return new PoolHeap(attachPool(descriptor.pool, { strategies: [await loadStrategy(descriptor.strategyId)] }));
}
