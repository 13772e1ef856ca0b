// Which classes fit a program's objects: the step between slot sizes and the chain limit that take the fewest bytes.

import { CHAIN_PAGES_MAX, CHAIN_PAGES_MIN } from './layout/plan.ts';
import { CLASS, LOCK } from './layout/records.ts';
import { CHAIN_PAGES_DEFAULT, PAGE_BYTES_DEFAULT, checkPageBytes } from './options.ts';
import { badSize } from './out-of-range.ts';
import {
  STEPS_PER_PAGE_MAX,
  STEPS_PER_PAGE_MIN,
  STEP_UNIT_BYTES,
  buildClasses,
  classOfRequest,
  pagesPacked,
  sizeClasses,
} from './size-class.ts';
import type { SizeClasses } from './size-class.ts';

/** Options for `createPool`, and what the objects would take. */
export interface FittedClasses {
  readonly pageBytes: number;
  readonly chainPages: number;
  readonly classStepBytes: number;
  /** Component pages after compaction, with the records of all classes, in bytes. */
  readonly bytesUsed: number;
  /** The same with the default options. */
  readonly bytesUsedByDefault: number;
}

/**
 * Finds the classes that pack some objects into the fewest bytes, for `createPool({ ...fitClasses(sizes), bytes, strategy })`.
 * Give it the sizes that are alive at a moment that matters, often when the pool is at its emptiest: each class has a zspage
 * that is not full, so few objects want few classes, and many want slots that leave little over.
 *
 * Tries every step and chain limit of a page size: some 50 ms with pages of 4 KiB, half a second with pages of 64 KiB.
 *
 * @param sizes Bytes of each object, 1 to `pageBytes`.
 * @param pageBytes As in PoolOptions.
 * @throws ERR_ZS_BAD_SIZE; ERR_ZS_OPTION.
 * Blocks: no. Main thread: yes.
 */
export function fitClasses(sizes: Iterable<number>, pageBytes: number = PAGE_BYTES_DEFAULT): FittedClasses {
  checkPageBytes(pageBytes);
  const objectsOf = new Map<number, number>();
  for (const size of sizes) {
    if (!Number.isInteger(size) || size < 1 || size > pageBytes) throw badSize(size, pageBytes);
    objectsOf.set(size, (objectsOf.get(size) ?? 0) + 1);
  }
  let best: Omit<FittedClasses, 'bytesUsedByDefault'> | undefined;
  for (let chainPages = CHAIN_PAGES_MIN; chainPages <= CHAIN_PAGES_MAX; chainPages++) {
    const most = pageBytes / STEPS_PER_PAGE_MIN;
    for (
      let classStepBytes = pageBytes / STEPS_PER_PAGE_MAX;
      classStepBytes <= most;
      classStepBytes += STEP_UNIT_BYTES
    ) {
      const bytesUsed = bytesPacked(objectsOf, buildClasses(pageBytes, chainPages, classStepBytes), pageBytes);
      if (best === undefined || bytesUsed < best.bytesUsed) best = { pageBytes, chainPages, classStepBytes, bytesUsed };
    }
  }
  const bytesUsedByDefault = bytesPacked(objectsOf, sizeClasses(pageBytes, CHAIN_PAGES_DEFAULT), pageBytes);
  return { ...best!, bytesUsedByDefault };
}

/** @param objectsOf Objects by size. */
function bytesPacked(objectsOf: ReadonlyMap<number, number>, shape: SizeClasses, pageBytes: number): number {
  const objects = new Float64Array(shape.classes.length);
  for (const [size, count] of objectsOf) objects[classOfRequest(shape, size)]! += count;
  const pages = shape.classes.reduce((sum, one) => sum + pagesPacked(objects[one.ordinal]!, one, pageBytes), 0);
  return pages * pageBytes + shape.classes.length * (CLASS.words + LOCK.words) * 4;
}
