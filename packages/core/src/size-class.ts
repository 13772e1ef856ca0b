// Size classes: which slot size serves a request, and how many pages a zspage of that class chains.
//
// RULES
//   1. Slot sizes grow in steps, by default of page / 256. A slot holds an 8-byte header and the payload; a huge slot is
//      a whole page without a header. Steps are multiples of 16, so that no page ends between a header and its payload.
//   2. A full zspage chains the fewest pages, up to the limit, that waste the fewest bytes at its tail.
//   3. Neighbouring sizes that give the same pages and the same number of slots are one class: the largest of them.
//
// Source: zs_create_pool(), get_pages_per_zspage() and can_merge() in Linux mm/zsmalloc.c, 6.3 and later.

/** Bytes in front of each object that is not huge: its handle, and its length. 8 keeps payloads 8-aligned. */
export const HEADER_BYTES = 8;
/** Smallest slot, in bytes. */
export const SLOT_BYTES_MIN = 32;
/** Most steps from one slot size to the next in a page, and the default: 2^8. Source: ZS_SIZE_CLASS_DELTA. */
export const STEPS_PER_PAGE_MAX = 256;
/** Fewest steps in a page. */
export const STEPS_PER_PAGE_MIN = 16;
/** Steps are multiples of so many bytes. */
export const STEP_UNIT_BYTES = 16;

/** One class of slots. Immutable. */
export interface SizeClass {
  /** Dense number of the class, from 0 in order of size: its lock, its record. */
  readonly ordinal: number;
  /** Index in the kernel's numbering, which has gaps where classes were merged. */
  readonly index: number;
  readonly sizeBytes: number;
  readonly pagesPerZspage: number;
  readonly objectsPerZspage: number;
  /** One object without header on one page. */
  readonly huge: boolean;
}

/** All classes of a page size, chain limit and step. Immutable; shared by all pools of one shape. */
export interface SizeClasses {
  readonly classes: readonly SizeClass[];
  /** Ordinal for a step index: `ordinalOfStep[stepOf(request)]`. */
  readonly ordinalOfStep: Uint16Array;
  readonly stepBytes: number;
  /** Requests of at least so many bytes are huge. Source: zs_huge_class_size(). */
  readonly hugeBytes: number;
  /** Slot size of the largest class that is not huge: the huge watermark. */
  readonly watermarkBytes: number;
  /** Most slots in a zspage of any class. */
  readonly objectsPerZspageMax: number;
}

/** Pages that a zspage of such slots chains. */
export function pagesPerZspage(sizeBytes: number, pageBytes: number, chainPages: number): number {
  if ((sizeBytes & (sizeBytes - 1)) === 0) return 1;
  let best = 1;
  let leastWaste = pageBytes % sizeBytes;
  for (let pages = 2; pages <= chainPages; pages++) {
    const waste = (pages * pageBytes) % sizeBytes;
    if (waste < leastWaste) {
      best = pages;
      leastWaste = waste;
    }
  }
  return best;
}

/** Pages that hold the first `slots` slots of a zspage; a zspage has at least one. */
export function pagesForSlots(slots: number, sizeBytes: number, pageBytes: number): number {
  return Math.max(1, Math.ceil((slots * sizeBytes) / pageBytes));
}

/** Pages that hold `objects` objects of a class packed as tightly as they go. */
export function pagesPacked(
  objects: number,
  { sizeBytes, objectsPerZspage, pagesPerZspage: pages }: SizeClass,
  pageBytes: number,
): number {
  const rest = objects % objectsPerZspage;
  return Math.floor(objects / objectsPerZspage) * pages + (rest === 0 ? 0 : pagesForSlots(rest, sizeBytes, pageBytes));
}

const known = new Map<string, SizeClasses>();

/** The classes for a page size, a chain limit and a step; computed once per process and shape. */
export function sizeClasses(
  pageBytes: number,
  chainPages: number,
  stepBytes: number = pageBytes / STEPS_PER_PAGE_MAX,
): SizeClasses {
  const key = `${pageBytes}/${chainPages}/${stepBytes}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = buildClasses(pageBytes, chainPages, stepBytes)));
  return found;
}

/** The same, not kept. */
export function buildClasses(pageBytes: number, chainPages: number, stepBytes: number): SizeClasses {
  const steps = Math.ceil((pageBytes - SLOT_BYTES_MIN) / stepBytes) + 1;
  const largestFirst: Omit<SizeClass, 'ordinal'>[] = [];
  const rankOfStep = new Uint16Array(steps);
  for (let step = steps - 1; step >= 0; step--) {
    const sizeBytes = Math.min(SLOT_BYTES_MIN + step * stepBytes, pageBytes);
    const pages = pagesPerZspage(sizeBytes, pageBytes, chainPages);
    const objects = Math.floor((pages * pageBytes) / sizeBytes);
    const larger = largestFirst.at(-1);
    if (larger === undefined || larger.pagesPerZspage !== pages || larger.objectsPerZspage !== objects) {
      const huge = pages === 1 && objects === 1;
      largestFirst.push({ index: step, sizeBytes, pagesPerZspage: pages, objectsPerZspage: objects, huge });
    }
    rankOfStep[step] = largestFirst.length - 1;
  }
  const count = largestFirst.length;
  const classes = largestFirst.toReversed().map((entry, ordinal) => ({ ordinal, ...entry }));
  // The kernel looks for the first class downward that has more than one page and more than one slot.
  const watermarkBytes = classes.findLast((c) => c.pagesPerZspage !== 1 && c.objectsPerZspage !== 1)!.sizeBytes;
  return {
    classes,
    ordinalOfStep: rankOfStep.map((rank) => count - 1 - rank),
    stepBytes,
    hugeBytes: watermarkBytes - (HEADER_BYTES - 1),
    watermarkBytes,
    objectsPerZspageMax: Math.max(...classes.map((c) => c.objectsPerZspage)),
  };
}

/**
 * Ordinal of the class that serves a request. The header is added even where the huge class needs none, as the kernel
 * does: requests near the page size are clamped to the last step and still fit.
 *
 * Source: zs_lookup_class_index() and get_size_class_index(), which since 2026 share one lookup.
 */
export function classOfRequest(shape: SizeClasses, requestBytes: number): number {
  const slotBytes = requestBytes + HEADER_BYTES;
  if (slotBytes <= SLOT_BYTES_MIN) return shape.ordinalOfStep[0]!;
  const step = Math.ceil((slotBytes - SLOT_BYTES_MIN) / shape.stepBytes);
  return shape.ordinalOfStep[Math.min(step, shape.ordinalOfStep.length - 1)]!;
}
