// The allocator patterns: on a pool they find nothing wrong, and on a broken allocator they do.

import { createPool } from '@zsmalloc/core';
import { bigLock } from '@zsmalloc/lock-spin';
import { describe, expect, it } from 'vitest';
import { CheckError } from '../src/checks.ts';
import { PATTERNS } from '../src/patterns/all.ts';
import type { Heap } from '../src/patterns/heap.ts';
import { ObjectSteps } from '../src/patterns/object-steps.ts';
import { ObjectTable } from '../src/object-table.ts';
import type { Pattern } from '../src/patterns/pattern.ts';
import { PoolHeap } from '../src/patterns/pool-heap.ts';
import { Random } from '../src/random.ts';
import { ThingHeap } from '../src/peers/thing-heap.ts';

const SEED = Number(process.env['PATTERN_SEED'] ?? Date.now() % 1_000_000);
console.log(`patterns: seed ${SEED} (PATTERN_SEED repeats it)`);
const WORKERS = 3;
const STEPS = 20_000;

/** All workers of a pattern in turn on one agent; returns what is left. */
function runInTurn(pattern: Pattern, heap: Heap): { objects: ObjectSteps; operations: number } {
  const table = ObjectTable.create(pattern.records(WORKERS));
  const words = new Int32Array(new SharedArrayBuffer(Math.max(4, pattern.words(WORKERS) * 4)));
  const main = new ObjectSteps(heap, table, new Random(SEED), 0);
  pattern.prepare?.(main, WORKERS);
  const workers = Array.from({ length: WORKERS }, (_, index) => {
    const objects = new ObjectSteps(heap, table, new Random(SEED + index), index + 1);
    return pattern.steps({ objects, index, workers: WORKERS, words });
  });
  const random = new Random(SEED);
  let operations = 0;
  for (let step = 0; step < STEPS; step++) operations += workers[random.below(WORKERS)]!.step();
  return { objects: main, operations };
}

const poolHeap = (bytes = 2 ** 25) => {
  const pool = createPool({ bytes, strategy: bigLock });
  return { pool, heap: new PoolHeap(pool) };
};

/** A pool's heap, to be given a fault. */
function workingHeap(): Heap {
  const { heap } = poolHeap();
  return {
    malloc: (size) => heap.malloc(size),
    free: (handle) => heap.free(handle),
    fill: (handle, size, stamp) => heap.fill(handle, size, stamp),
    verify: (handle, size, stamp) => heap.verify(handle, size, stamp),
    detach: () => {},
  };
}

function runToTheEnd(pattern: Pattern, heap: Heap): void {
  const { objects } = runInTurn(pattern, heap);
  for (const record of objects.table.objects()) objects.drop(record);
}

describe.each(PATTERNS)('$id', (pattern) => {
  it('leaves a pool as its table says, and never runs out of room', () => {
    const { pool, heap } = poolHeap(Math.max(2 ** 22, pattern.poolBytes(WORKERS) * 4));
    const { objects, operations } = runInTurn(pattern, heap);
    expect(operations).toBeGreaterThan(STEPS / 4);
    const left = [...objects.table.objects()];
    expect(pool.stats().objects).toBe(left.length);
    for (const record of left) objects.drop(record);
    pool.verify();
    expect(pool.stats().objects).toBe(0);
    expect(objects.refused).toBe(0);
  });

  it('runs on @thi.ng/malloc', () => {
    const { objects } = runInTurn(pattern, ThingHeap.create(2 ** 25));
    for (const record of objects.table.objects()) objects.drop(record);
    expect(objects.refused).toBe(0);
  });

  it('finds an allocator that gives an object out twice', () => {
    const heap = workingHeap();
    let last = 0;
    let calls = 0;
    const double: Heap = {
      ...heap,
      malloc: (size) => (++calls % 50 === 0 && last !== 0 ? last : (last = heap.malloc(size))),
      free: () => {},
      fill(handle, size, stamp) {
        try {
          heap.fill(handle, size, stamp);
        } catch {
          // The object that was given out before is smaller: what the first owner wrote stays.
        }
      },
    };
    expect(() => runToTheEnd(pattern, double)).toThrow(CheckError);
  });

  it('finds an allocator that loses a write', () => {
    const heap = workingHeap();
    let calls = 0;
    const losing: Heap = {
      ...heap,
      fill: (handle, size, stamp) => void (++calls % 100 !== 0 && heap.fill(handle, size, stamp)),
    };
    expect(() => runToTheEnd(pattern, losing)).toThrow(CheckError);
  });
});
