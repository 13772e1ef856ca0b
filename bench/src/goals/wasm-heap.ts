// A malloc in wasm that npm has: the heap of AssemblyScript's runtime (TLSF), compiled from ../../assembly/tlsf.ts when it
// is first needed. See there for how several agents share it.

import { readFileSync } from 'node:fs';
import { check } from '../checks.ts';
import { compileAssembly } from './assembly.ts';
import type { GoalHeap } from './kernel.ts';
import { WASM_PAGE_BYTES, webAssembly } from './webassembly.ts';
import type { WasmMemory, WasmModule } from './webassembly.ts';

/** Plain data for `workerData`. */
export interface WasmHeapDescriptor {
  readonly memory: WasmMemory;
  readonly program: WasmModule;
  readonly root: number;
  readonly alone: boolean;
}

interface Exports {
  create(): number;
  attach(root: number): void;
  malloc(sizeBytes: number): number;
  free(address: number): void;
  mallocAlone(sizeBytes: number): number;
  freeAlone(address: number): void;
}

const SOURCE = new URL('../../assembly/tlsf.ts', import.meta.url);
/** What the compiler keeps free for the words of the mutex. */
const MEMORY_BASE = 1024;

function instantiate(program: WasmModule, memory: WasmMemory): Exports {
  const abort = (): never => check(false, 'the wasm heap is full, or its words are not what they must be.') as never;
  return new webAssembly.Instance(program, { env: { memory, abort } }).exports as unknown as Exports;
}

/** One agent's side. */
export class WasmHeap implements GoalHeap {
  readonly malloc: (sizeBytes: number) => number;
  readonly free: (address: number) => void;
  readonly #descriptor: WasmHeapDescriptor;
  readonly #bytes: Uint8Array;

  private constructor(descriptor: WasmHeapDescriptor, exports: Exports) {
    this.#descriptor = descriptor;
    this.#bytes = new Uint8Array(descriptor.memory.buffer);
    this.malloc = descriptor.alone ? exports.mallocAlone : exports.malloc;
    this.free = descriptor.alone ? exports.freeAlone : exports.free;
  }

  /** @param alone No other agent allocates or frees, so that no mutex is needed. */
  static async create(bytes: number, alone: boolean): Promise<WasmHeap> {
    const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
    const program = await compileAssembly(readFileSync(SOURCE, 'utf8'), pages, MEMORY_BASE, 'minimal');
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const exports = instantiate(program, memory);
    return new WasmHeap({ memory, program, root: exports.create(), alone }, exports);
  }

  static attach(descriptor: WasmHeapDescriptor): WasmHeap {
    const exports = instantiate(descriptor.program, descriptor.memory);
    exports.attach(descriptor.root);
    return new WasmHeap(descriptor, exports);
  }

  descriptor(): WasmHeapDescriptor {
    return this.#descriptor;
  }

  write(address: number, source: Uint8Array): void {
    this.#bytes.set(source, address);
  }

  readInto(address: number, target: Uint8Array): number {
    target.set(this.#bytes.subarray(address, address + target.length));
    return target.length;
  }
}
