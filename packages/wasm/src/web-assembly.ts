// What is used of WebAssembly: the types of the language without a browser do not have it.

import type { KernelMemory } from '@zsmalloc/core/kernels';

interface Api {
  /** Shared: its buffer never moves, and a worker that is sent the memory sees the same bytes. */
  readonly Memory: new (shape: { initial: number; maximum: number; shared: true }) => KernelMemory;
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (program: object, imports: object) => { readonly exports: unknown };
}

/** A page of a wasm memory. */
export const WASM_PAGE_BYTES: number = 2 ** 16;

/** Undefined where there is none. Looked up at each use: a page's policy may take it away. */
export function webAssembly(): Api | undefined {
  return (globalThis as unknown as { WebAssembly?: Api }).WebAssembly;
}
