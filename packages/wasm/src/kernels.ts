// The kernels as core takes them: memory that they can reach, and an instance of the program for each agent.

import type { BoundKernels, KernelHost, KernelMemory, Kernels } from '@zsmalloc/core/kernels';
import { PROGRAM } from './program.ts';
import { SETUP_BYTES, writeSetup } from './setup.ts';
import type { Protocol } from './setup.ts';
import { WASM_PAGE_BYTES, webAssembly } from './web-assembly.ts';

/** Strategies whose locks the program knows: see ../assembly/kernels.ts. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  spin: { version: 1, hasPoolLock: 1, hasMarks: 0, reader: 1 << 12 },
  preemptibleDirect: { version: 1, hasPoolLock: 0, hasMarks: 0, reader: 1 << 10 },
  bigReader: { version: 1, hasPoolLock: 0, hasMarks: 1, reader: 0 },
};
const PAGE_BYTES = 4096;
/** Offsets of reads are int32, and a sign means that there is none. */
const POOL_BYTES_MAX: number = 2 ** 31 - SETUP_BYTES;

/** What the program exports. */
interface Exports extends Omit<BoundKernels, 'found'> {
  setup(at: number): void;
}

function allocate(bytes: number): KernelMemory | undefined {
  const api = webAssembly();
  if (api === undefined || bytes > POOL_BYTES_MAX) return undefined;
  const pages = Math.ceil((bytes + SETUP_BYTES) / WASM_PAGE_BYTES);
  try {
    return new api.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    // Too large for this runtime: core tries a plain buffer, and says what it cannot do.
    return undefined;
  }
}

/** An instance of the program with its imports; undefined where that is not allowed. */
function instantiate(compile: () => object, env: object): Exports | undefined {
  try {
    return new (webAssembly()!.Instance)(compile(), { env }).exports as Exports;
  } catch {
    // A page's policy without 'wasm-unsafe-eval', or no WebAssembly at all. JavaScript does the same.
    return undefined;
  }
}

function bind(compile: () => object, host: KernelHost): BoundKernels | undefined {
  const { strategy, pageBytes, memory, regroup, giveBackCells, carry, unlock } = host;
  const protocol = Object.hasOwn(PROTOCOLS, strategy.id) ? PROTOCOLS[strategy.id] : undefined;
  if (protocol?.version !== strategy.version || pageBytes !== PAGE_BYTES) return undefined;
  const env = {
    memory,
    regroup,
    giveBackCells: (address: number) => giveBackCells(address >>> 2),
    carry: (address: number) => carry(address >>> 2),
    unlockSlow: unlock,
  };
  const exported = instantiate(compile, env);
  if (exported === undefined) return undefined;
  const setup = writeSetup(host, protocol);
  exported.setup(setup.at);
  const { allocate: malloc, free, readBegin, readEnd, close } = exported;
  return { allocate: malloc, free, readBegin, readEnd, close, found: setup.found };
}

/** Kernels of a program, which is compiled once in each agent. */
export function kernelsOf(binary: () => Uint8Array): Kernels {
  let compiled: object | undefined;
  const compile = (): object => (compiled ??= new (webAssembly()!.Module)(binary()));
  return { allocate, bind: (host) => bind(compile, host) };
}

/**
 * Compiled malloc, free, reads and writes for pools with strategy `spin`, `preemptibleDirect` or `bigReader`, pages of 4096
 * bytes and less than 2 GiB: pass it as `kernels` to `createPool` and `attachPool`. For other pools, and where WebAssembly
 * may not be compiled, JavaScript does the same on the same memory; `pool.runsKernels` says which. A pool with kernels has
 * 128 KiB more memory.
 *
 * Blocks: compiling takes about a millisecond, once in each agent. Main thread: yes; the program is below 4 KiB, which
 * browsers compile there at once.
 */
export const wasm: Kernels = kernelsOf(() => Uint8Array.from(atob(PROGRAM), (char) => char.charCodeAt(0)));
