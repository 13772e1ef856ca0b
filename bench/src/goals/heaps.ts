// What runs the goals' workloads: pools with what their subject adds, and peers that allocate in shared memory.

import { attachPool, createPool } from '@zsmalloc/core';
import type { Pool, PoolDescriptor } from '@zsmalloc/core';
import { wasm } from '@zsmalloc/wasm';
import { THING } from '../patterns/subjects.ts';
import { loadStrategy } from '../strategies.ts';
import type { GoalHeap } from './kernel.ts';
import type { ThingGoalDescriptor } from './thing-goal-heap.ts';
import { poolOptionsOf, readSubject } from './variants.ts';
import type { WasmHeapDescriptor } from './wasm-heap.ts';

/** The peer of `./wasm-heap.ts`. */
export const WASM_TLSF = 'wasm-tlsf';

/** From which a worker makes its side. */
export type GoalDescriptor =
  | { readonly kind: 'pool'; readonly strategyId: string; readonly pool: PoolDescriptor }
  | { readonly kind: 'thing'; readonly thing: ThingGoalDescriptor }
  | { readonly kind: 'wasm'; readonly wasm: WasmHeapDescriptor };

/** The main agent's side. */
export interface GoalMaker {
  readonly heap: GoalHeap;
  readonly descriptor: GoalDescriptor;
  /** Null for everything but pools. */
  readonly pool: Pool | null;
}

/** No workload fills it, garbage of deferred frees included. */
const HEAP_BYTES = 2 ** 26;

/** @param agents Workers; the main agent only prepares and cleans up. */
export async function createGoalHeap(subject: string, agents: number): Promise<GoalMaker> {
  // Before the workers start and after they have ended the main agent is alone as well.
  const alone = agents === 1;
  if (subject === THING) {
    const { ThingGoalHeap } = await import('./thing-goal-heap.ts');
    const heap = ThingGoalHeap.create(HEAP_BYTES, alone);
    return { heap, descriptor: { kind: 'thing', thing: heap.descriptor() }, pool: null };
  }
  if (subject === WASM_TLSF) {
    const { WasmHeap } = await import('./wasm-heap.ts');
    const heap = await WasmHeap.create(HEAP_BYTES, alone);
    return { heap, descriptor: { kind: 'wasm', wasm: heap.descriptor() }, pool: null };
  }
  const variant = readSubject(subject);
  const { strategyId } = variant;
  const strategy = await loadStrategy(strategyId);
  const pool = createPool({ bytes: HEAP_BYTES, strategy, ...poolOptionsOf(variant) });
  return { heap: pool, descriptor: { kind: 'pool', strategyId, pool: pool.descriptor() }, pool };
}

/** A worker's side. */
export interface AttachedHeap {
  readonly heap: GoalHeap;
  detach(): void;
}

/** @param index Of the worker, from 0. */
export async function attachGoalHeap(descriptor: GoalDescriptor, index: number): Promise<AttachedHeap> {
  if (descriptor.kind === 'thing') {
    const { ThingGoalHeap } = await import('./thing-goal-heap.ts');
    return { heap: ThingGoalHeap.attach(descriptor.thing, index), detach: () => {} };
  }
  if (descriptor.kind === 'wasm') {
    const { WasmHeap } = await import('./wasm-heap.ts');
    return { heap: WasmHeap.attach(descriptor.wasm), detach: () => {} };
  }
  // Pools without kernels take no notice of them.
  const strategies = [await loadStrategy(descriptor.strategyId)];
  const pool = attachPool(descriptor.pool, { strategies, kernels: wasm });
  return { heap: pool, detach: () => pool.detach() };
}
