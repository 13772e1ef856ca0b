import { type ExploreOptions, type ExploreResult, explore, ModelMemory } from '@zsmalloc/explorer';

export type Words = Int32Array;
export type Body = (words: Words) => unknown;

/** Explores bodies that need nothing but 32 words. */
export function program(bodies: Record<string, Body>, options: Partial<ExploreOptions> = {}): ExploreResult {
  const memory = new ModelMemory(128);
  const threads = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, () => body(memory.int32)]));
  return explore({ memory, threads, ...options });
}
