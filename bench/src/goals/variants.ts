// What a strategy is measured with: agent caches, and compiled kernels where there are some for it.

import type { Kernels } from '@zsmalloc/core';
import { wasm } from '@zsmalloc/wasm';

/** Strategies that kernels are compiled for. */
const COMPILED: readonly string[] = ['spin', 'preemptibleDirect', 'bigReader'];
const CACHES = '+caches';
const WASM = '+wasm';

/** The subjects of a strategy: without caches, with them, or both. */
export function variantsOf(strategyId: string, caches: 'off' | 'on' | 'either' = 'either'): string[] {
  const suffixes = caches === 'either' ? ['', CACHES] : [caches === 'on' ? CACHES : ''];
  return suffixes.flatMap((suffix) => {
    const id = `${strategyId}${suffix}`;
    return COMPILED.includes(strategyId) ? [id, `${id}${WASM}`] : [id];
  });
}

/** A subject taken apart. */
export interface Variant {
  readonly strategyId: string;
  readonly caches: boolean;
  readonly kernels: boolean;
}

export function readSubject(subject: string): Variant {
  const [strategyId, ...more] = subject.split('+');
  return { strategyId: strategyId!, caches: more.includes(CACHES.slice(1)), kernels: more.includes(WASM.slice(1)) };
}

/** True for a strategy's subject with something added. */
export function isVariant(subject: string): boolean {
  return subject.includes('+');
}

/** What a subject is, in words. */
export function variantTitle(subject: string): string {
  const { strategyId, caches, kernels } = readSubject(subject);
  const added = [...(caches ? ['agent caches'] : []), ...(kernels ? ['kernels in WebAssembly'] : [])];
  return `${strategyId} with ${added.join(' and ')}`;
}

/** What to add to the options of `createPool`. */
export function poolOptionsOf({ caches, kernels }: Variant): { caches: boolean; kernels?: Kernels } {
  return kernels ? { caches, kernels: wasm } : { caches };
}
