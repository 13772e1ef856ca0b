// Density against the kernel: the stream of bench/data, where a real kernel's zsmalloc took the figures below.

import { readFileSync } from 'node:fs';
import { createPool, fitClasses } from '@zsmalloc/core';
import type { Handle, Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { check } from './checks.ts';

/** 'kernel': the default. 'fitted': what `fitClasses` gives for the objects that are left at the last step. */
export type Classes = 'kernel' | 'fitted';

/** Memory after one step of the kernel's stream. */
export interface DensityStep {
  readonly freedShare: number;
  readonly bytesStored: number;
  readonly bytesUsedBefore: number;
  readonly bytesUsed: number;
  /** Metadata with the used part of the tables. */
  readonly bytesMetadata: number;
  /** Metadata with the tables whole: they are sized for the whole buffer when the pool is created. */
  readonly bytesMetadataWhole: number;
  readonly compactMs: number;
  /** Objects read back after the step. */
  readonly objectsVerified: number;
}

/** One row of the kernel's table in bench/data/README.md, with the bound that the bench checks. */
export interface KernelStep {
  readonly freedShare: number;
  readonly stored: number;
  readonly usedBefore: number;
  readonly used: number;
  /** Most bytes used for each byte stored, after compaction. */
  readonly ratioMax: number;
}

export const KERNEL_STEPS: readonly KernelStep[] = [
  { freedShare: 0, stored: 61_401_096, usedBefore: 64_016_384, used: 64_016_384, ratioMax: 1.043 },
  { freedShare: 0.5, stored: 30_580_055, usedBefore: 58_003_456, used: 32_681_984, ratioMax: 1.069 },
  { freedShare: 0.75, stored: 15_252_273, usedBefore: 29_671_424, used: 17_027_072, ratioMax: 1.117 },
  { freedShare: 0.9, stored: 6_059_563, usedBefore: 14_675_968, used: 7_581_696, ratioMax: 1.252 },
];

/** What `fitted` classes are for: most bytes used for each byte stored, metadata in use included, by step. */
const FITTED_MAX: readonly number[] = [1.04, 1.1, 1.1, 1.1];

/** Little more than the stream takes: tables are counted whole, and grow with the buffer. */
const POOL_BYTES = 62 * 2 ** 20;
/** The first and the last bytes of each object carry its number. */
const STAMP_BYTES = 4;

function readData(name: string): Buffer {
  return readFileSync(new URL(`../data/${name}`, import.meta.url));
}

/** Object sizes by page (0: no object) and the order in which pages are freed. */
export function readStream(): { sizes: Uint16Array; freeOrder: Uint32Array } {
  const sizes = readData('node-sizes.u16');
  const order = readData('node-free-order.u32');
  return {
    sizes: Uint16Array.from({ length: sizes.length / 2 }, (_, index) => sizes.readUInt16LE(index * 2)),
    freeOrder: Uint32Array.from({ length: order.length / 4 }, (_, index) => order.readUInt32LE(index * 4)),
  };
}

function verifyStamps(pool: Pool, handles: readonly Handle[], sizes: Uint16Array): number {
  const object = new Uint8Array(pool.objectBytesMax);
  const view = new DataView(object.buffer);
  let objects = 0;
  handles.forEach((handle, page) => {
    if (handle === 0) return;
    const length = pool.readInto(handle, object);
    const ok = length === sizes[page] && view.getUint32(0, true) === page && view.getUint32(length - 4, true) === page;
    check(ok, `density: the object of page ${page} (${sizes[page]} bytes) is not what was stored.`);
    objects++;
  });
  return objects;
}

function storeAll(pool: Pool, sizes: Uint16Array): Handle[] {
  const object = new Uint8Array(pool.objectBytesMax);
  const view = new DataView(object.buffer);
  return Array.from(sizes, (size, page) => {
    if (size === 0) return 0;
    check(size >= 2 * STAMP_BYTES, `density: page ${page} is too short for its stamp.`);
    view.setUint32(0, page, true);
    view.setUint32(size - STAMP_BYTES, page, true);
    const handle = pool.malloc(size);
    pool.write(handle, object.subarray(0, size));
    return handle;
  });
}

/** Sizes of what is left after the last of `KERNEL_STEPS`. */
function sizesLeft(sizes: Uint16Array, freeOrder: Uint32Array): number[] {
  const { freedShare } = KERNEL_STEPS.at(-1)!;
  const pages = freeOrder.subarray(Math.floor(freedShare * freeOrder.length));
  return Array.from(pages, (page) => sizes[page]!).filter((size) => size > 0);
}

/** Stores the stream, frees it step by step and compacts after each step. Contents are verified after each. */
export function runDensity(strategy: Strategy, classes: Classes): DensityStep[] {
  const { sizes, freeOrder } = readStream();
  const fitted = classes === 'fitted' ? fitClasses(sizesLeft(sizes, freeOrder)) : {};
  const pool = createPool({ ...fitted, bytes: POOL_BYTES, strategy });
  const handles = storeAll(pool, sizes);
  const steps: DensityStep[] = [];
  let freed = 0;
  for (const { freedShare } of KERNEL_STEPS) {
    for (; freed < Math.floor(freedShare * freeOrder.length); freed++) {
      const page = freeOrder[freed]!;
      if (handles[page] !== 0) pool.free(handles[page]!);
      handles[page] = 0;
    }
    const before = pool.stats();
    const start = performance.now();
    if (freedShare > 0) pool.compact();
    const compactMs = performance.now() - start;
    const { bytesStored, bytesUsed, bytesMetadata, bufferBytes, pagesTotal, pagesOfHandles, pageBytes } = pool.stats();
    const bytesMetadataWhole = bufferBytes - (pagesTotal - pagesOfHandles) * pageBytes;
    pool.verify();
    const objectsVerified = verifyStamps(pool, handles, sizes);
    const bytesUsedBefore = before.bytesUsed;
    steps.push({
      freedShare,
      bytesStored,
      bytesUsedBefore,
      bytesUsed,
      bytesMetadata,
      bytesMetadataWhole,
      compactMs,
      objectsVerified,
    });
  }
  pool.detach();
  return steps;
}

/** Bytes used for each byte stored. */
export interface DensityRatios {
  readonly overhead: number;
  readonly overheadInUse: number;
  readonly overheadWhole: number;
  readonly overheadBefore: number;
}

export function ratiosOf(step: DensityStep): DensityRatios {
  const { bytesUsed, bytesUsedBefore, bytesMetadata, bytesMetadataWhole, bytesStored } = step;
  return {
    overhead: bytesUsed / bytesStored,
    overheadInUse: (bytesUsed + bytesMetadata) / bytesStored,
    overheadWhole: (bytesUsed + bytesMetadataWhole) / bytesStored,
    overheadBefore: bytesUsedBefore / bytesStored,
  };
}

function isWithin(steps: readonly DensityStep[], ratio: keyof DensityRatios, most: readonly number[]): boolean {
  return steps.length === most.length && steps.every((step, index) => ratiosOf(step)[ratio] <= most[index]!);
}

/** True when no step uses more than the kernel's bound. */
export function isAsDenseAsKernel(steps: readonly DensityStep[]): boolean {
  return isWithin(
    steps,
    'overhead',
    KERNEL_STEPS.map(({ ratioMax }) => ratioMax),
  );
}

/** True when no step uses more than classes are fitted for. */
export function isAsDenseAsFitted(steps: readonly DensityStep[]): boolean {
  return isWithin(steps, 'overheadInUse', FITTED_MAX);
}
