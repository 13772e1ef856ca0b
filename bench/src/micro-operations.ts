// The uncontended operations and lock primitives that are counted and timed. One agent, a pool in a steady state: every class in use has a
// zspage with room, so that no operation takes pages from the page allocator or gives one back.

import { createPool } from '@zsmalloc/core';
import type { Handle, HoldingPool, Pool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import type { Strategy } from '@zsmalloc/core/strategy';

/** A named operation; `run` does it `times` times. */
export interface MicroOperation {
  readonly name: string;
  readonly run: (times: number) => void;
}

/** Operations whose calls `claims.ts` states, in the order of the tables. */
export const OPERATION_NAMES = {
  pair: 'malloc+free 64 B',
  mixed: 'malloc+free 32-3000 B',
  read: 'readBegin+readEnd 64 B',
  write: 'write 64 B',
} as const;

/** Further ones: the rest of the pool's short calls, and the strategy's primitives beneath them. */
export const MORE_NAMES = {
  readInto: 'readInto 64 B',
  callback: 'read 64 B, by callback',
  sizeOf: 'sizeOf',
  hold: 'hold+release',
  lock: 'class lock+unlock',
  move: 'moveBegin+moveEnd',
} as const;

const POOL_BYTES = 16 * 2 ** 20;
const SMALL_BYTES = 64;
/** Eight classes, no two the same. */
const MIXED_BYTES = [32, 64, 100, 200, 400, 800, 1500, 3000];
/** Objects of each size that live all the time: more than a zspage holds, so that zspages with room remain. */
const LIVE_OBJECTS = 300;

/**
 * Fills a few zspages of a class and frees every second object: lists have partly full zspages, and cells are at
 * hand.
 */
function settle(pool: Pool, sizeBytes: number): Handle[] {
  const handles = Array.from({ length: LIVE_OBJECTS }, () => pool.malloc(sizeBytes));
  handles.forEach((handle, index) => {
    if (index % 2 === 1) pool.free(handle);
  });
  return handles.filter((_, index) => index % 2 === 0);
}

/** Makes a pool and the operations on it. */
export function createMicroOperations(strategy: Strategy): { operations: MicroOperation[]; pool: Pool } {
  const pool = createPool({ bytes: POOL_BYTES, strategy });
  for (const sizeBytes of MIXED_BYTES) settle(pool, sizeBytes);
  const [handle] = settle(pool, SMALL_BYTES) as [Handle];
  const source = new Uint8Array(SMALL_BYTES).fill(7);
  const mask = MIXED_BYTES.length - 1;
  const operations: MicroOperation[] = [
    {
      name: OPERATION_NAMES.pair,
      run(times) {
        for (let count = 0; count < times; count++) pool.free(pool.malloc(SMALL_BYTES));
      },
    },
    {
      name: OPERATION_NAMES.mixed,
      run(times) {
        for (let count = 0; count < times; count++) pool.free(pool.malloc(MIXED_BYTES[count & mask]!));
      },
    },
    {
      name: OPERATION_NAMES.read,
      run(times) {
        for (let count = 0; count < times; count++) pool.readEnd(pool.readBegin(handle));
      },
    },
    {
      name: OPERATION_NAMES.write,
      run(times) {
        for (let count = 0; count < times; count++) pool.write(handle, source);
      },
    },
  ];
  return { operations: [...operations, ...moreOperations(pool, strategy, handle)], pool };
}

function moreOperations(pool: Pool, strategy: Strategy, handle: Handle): MicroOperation[] {
  const target = new Uint8Array(SMALL_BYTES);
  const bound = strategyOf(pool);
  let sink = 0;
  const each = (name: string, once: () => void): MicroOperation => ({
    name,
    run(times) {
      for (let count = 0; count < times; count++) once();
    },
  });
  const operations = [
    each(MORE_NAMES.readInto, () => pool.readInto(handle, target)),
    each(MORE_NAMES.callback, () => pool.read(handle, (bytes) => (sink = (sink + bytes[0]!) | 0))),
    each(MORE_NAMES.sizeOf, () => (sink = (sink + pool.sizeOf(handle)) | 0)),
    each(MORE_NAMES.lock, () => {
      bound.lock(0);
      bound.unlock(0);
    }),
    each(MORE_NAMES.move, () => {
      bound.moveBegin();
      bound.moveEnd();
    }),
  ];
  if (!strategy.capabilities.holdAcrossAwait) return operations;
  return [...operations, each(MORE_NAMES.hold, () => (pool as HoldingPool).hold(handle).release())];
}
