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
 * Tries every step and chain limit of a page size, which takes some 50 ms.
 *
 * @param sizes Bytes of each object, 1 to `pageBytes`.
 * @param pageBytes As in PoolOptions.
 * @throws ERR_ZS_BAD_SIZE; ERR_ZS_OPTION.
 * Blocks: no. Main thread: yes.
 */
export function fitClasses(sizes: Iterable<number>, pageBytes: number = PAGE_BYTES_DEFAULT): FittedClasses {
  checkPageBytes(pageBytes);
  const objectsOf = new Float64Array(pageBytes + 1);
  for (const size of sizes) {
    if (!Number.isInteger(size) || size < 1 || size > pageBytes) throw badSize(size, pageBytes);
    objectsOf[size]!++;
  }
  let best: Omit<FittedClasses, 'bytesUsedByDefault'> | undefined;
  let bytesUsedByDefault = 0;
  for (let chainPages = CHAIN_PAGES_MIN; chainPages <= CHAIN_PAGES_MAX; chainPages++) {
    const stepLeast = pageBytes / STEPS_PER_PAGE_MAX;
    for (let step = stepLeast; step <= pageBytes / STEPS_PER_PAGE_MIN; step += STEP_UNIT_BYTES) {
      const bytesUsed = bytesPacked(objectsOf, buildClasses(pageBytes, chainPages, step), pageBytes);
      if (chainPages === CHAIN_PAGES_DEFAULT && step === stepLeast) bytesUsedByDefault = bytesUsed;
      if (best === undefined || bytesUsed < best.bytesUsed) {
        best = { pageBytes, chainPages, classStepBytes: step, bytesUsed };
      }
    }
  }
  return { ...best!, bytesUsedByDefault };
}

function bytesPacked(objectsOf: Float64Array, shape: SizeClasses, pageBytes: number): number {
  const objects = new Float64Array(shape.classes.length);
  objectsOf.forEach((count, size) => {
    if (count > 0) objects[classOfRequest(shape, size)]! += count;
  });
  const pages = shape.classes.reduce((sum, one) => sum + pagesPacked(objects[one.ordinal]!, one, pageBytes), 0);
  return pages * pageBytes + shape.classes.length * (CLASS.words + LOCK.words) * 4;
}
