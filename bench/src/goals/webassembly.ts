// What the bench uses of WebAssembly: the types of the language without a browser do not have it.

/** Shared: its buffer never moves, and a worker that is sent it sees the same bytes. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A compiled program; can be sent to workers. */
export type WasmModule = object;

interface Api {
  readonly Memory: new (shape: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (binary: Uint8Array) => WasmModule;
  readonly Instance: new (program: WasmModule, imports: object) => { readonly exports: unknown };
}

/** A page of a wasm memory. */
export const WASM_PAGE_BYTES: number = 2 ** 16;

export const webAssembly: Api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
