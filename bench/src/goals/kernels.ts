// The kernels by workload, and what the main agent does before and after them.

import { access, cacheLines, cycle } from './content-kernels.ts';
import { LINE_WORDS, freeAll } from './kernel.ts';
import type { GoalHeap, Kernel, KernelShare } from './kernel.ts';
import { RING_COUNTERS, allocTest, larson, larsonShared, mstress, pair, xmallocTest } from './malloc-kernels.ts';

const KERNELS: Readonly<Record<string, (heap: GoalHeap, share: KernelShare) => Kernel>> = {
  pair,
  larson,
  'larson-shared': larsonShared,
  'xmalloc-test': xmallocTest,
  'alloc-test': allocTest,
  mstress,
  'cache-scratch': cacheLines,
  'cache-thrash': cacheLines,
  'cycle-100': cycle(100),
  'cycle-1000': cycle(1000),
  'cycle-4000': cycle(4000),
  'access-100': access,
};

/** One agent's kernel of a workload. */
export function createKernel(workload: string, heap: GoalHeap, share: KernelShare): Kernel {
  return KERNELS[workload]!(heap, share);
}

/** What the main agent does before the others start: the objects that cache-scratch hands out. */
export function prepareShare(workload: string, heap: GoalHeap, words: Int32Array, agents: number): void {
  if (workload !== 'cache-scratch') return;
  for (let index = 0; index < agents; index++) words[index * LINE_WORDS] = heap.malloc(8);
}

/** Frees what lies in shared slots; returns how many objects that were. */
export function drainShare(workload: string, heap: GoalHeap, words: Int32Array): number {
  const slots = workload === 'xmalloc-test' ? words.subarray(0, RING_COUNTERS) : words;
  const handles = Int32Array.from(slots).filter((word) => word !== 0);
  freeAll(heap, handles);
  return handles.length;
}
