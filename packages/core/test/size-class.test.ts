import { describe, expect, it } from 'vitest';
import {
  HEADER_BYTES,
  STEPS_PER_PAGE_MAX,
  STEPS_PER_PAGE_MIN,
  STEP_UNIT_BYTES,
  classOfRequest,
  pagesForSlots,
  pagesPacked,
  pagesPerZspage,
  sizeClasses,
} from '../src/size-class.ts';
import type { SizeClass } from '../src/size-class.ts';
import { csv } from './vectors.ts';

const CHAINS_WITH_TABLES = [4, 8, 10, 16];
const PAGE = 4096;

/** Smallest and largest request that a class serves, by asking for every size. */
function payloadsOf(chainPages: number): Map<number, { min: number; max: number }> {
  const shape = sizeClasses(PAGE, chainPages);
  const payloads = new Map<number, { min: number; max: number }>();
  for (let request = 1; request <= PAGE; request++) {
    const ordinal = classOfRequest(shape, request);
    const known = payloads.get(ordinal);
    if (known === undefined) payloads.set(ordinal, { min: request, max: request });
    else known.max = request;
  }
  return payloads;
}

/** Page sizes with chain limits. */
function* shapes(): Generator<[page: number, chain: number]> {
  for (let chain = 4; chain <= 16; chain++) yield [PAGE, chain];
  yield [8192, 8];
  yield [65_536, 5];
}

const roomIn = ({ sizeBytes, huge }: SizeClass): number => (huge ? sizeBytes : sizeBytes - HEADER_BYTES);

describe.each(CHAINS_WITH_TABLES)('size classes of 4096-byte pages with chains of up to %i', (chainPages) => {
  const { classes, ordinalOfStep } = sizeClasses(PAGE, chainPages);

  it('equal the table row by row', () => {
    const payloads = payloadsOf(chainPages);
    const rows = classes.map(({ ordinal, index, sizeBytes, objectsPerZspage, pagesPerZspage: pages, huge }) => {
      const starts = Array.from({ length: objectsPerZspage }, (_, slot) => slot * sizeBytes);
      const spanning = starts.filter(
        (start) => Math.floor(start / PAGE) !== Math.floor((start + sizeBytes - 1) / PAGE),
      );
      return {
        index: String(index),
        size: String(sizeBytes),
        objs: String(objectsPerZspage),
        pages: String(pages),
        tailWaste: String(pages * PAGE - objectsPerZspage * sizeBytes),
        minPayload: String(payloads.get(ordinal)!.min),
        maxPayload: String(payloads.get(ordinal)!.max),
        spanning: String(spanning.length),
        lowIndex: String(ordinalOfStep.indexOf(ordinal)),
        huge: String(huge),
      };
    });
    expect(rows).toEqual(csv(`classes-4096-chain${chainPages}.csv`));
  });

  it('equal the map of steps row by row', () => {
    const rows = Array.from(ordinalOfStep, (ordinal, step) => {
      const sizeBytes = Math.min(32 + 16 * step, PAGE);
      const pages = pagesPerZspage(sizeBytes, PAGE, chainPages);
      return {
        index: String(step),
        size: String(sizeBytes),
        objs: String(Math.floor((pages * PAGE) / sizeBytes)),
        pages: String(pages),
        mergedInto: String(classes[ordinal]!.index),
        mergedSize: String(classes[ordinal]!.sizeBytes),
      };
    });
    expect(rows).toEqual(csv(`index-map-4096-chain${chainPages}.csv`));
  });

  it('give each request a slot that holds it, and no smaller class would', () => {
    const shape = sizeClasses(PAGE, chainPages);
    for (let request = 1; request <= PAGE; request++) {
      const ordinal = classOfRequest(shape, request);
      const { sizeBytes } = classes[ordinal]!;
      const room = roomIn(classes[ordinal]!);
      const smaller = ordinal === 0 ? 0 : classes[ordinal - 1]!.sizeBytes - HEADER_BYTES;
      if (request > room || request <= smaller)
        expect.fail(`request ${request} is in class ${ordinal} of ${sizeBytes} bytes`);
    }
  });
});

describe('size classes of all chain lengths and page sizes', () => {
  it.each(csv('summary-4096.csv'))('number $clusters with 4096-byte pages and chains of $chain', (row) => {
    const shape = sizeClasses(PAGE, Number(row.chain));
    const tail = shape.classes.reduce((sum, c) => sum + c.pagesPerZspage * PAGE - c.objectsPerZspage * c.sizeBytes, 0);
    expect(shape.classes.length).toBe(Number(row.clusters));
    expect(shape.watermarkBytes).toBe(Number(row.watermark));
    expect(shape.hugeBytes).toBe(Number(row.hugeApi));
    expect(shape.objectsPerZspageMax).toBe(Number(row.maxObjs));
    expect(tail).toBe(Number(row.totalTail));
  });

  it.each(csv('summary-other-pages.csv'))('number $clusters with pages of $page and chains of $chain', (row) => {
    const shape = sizeClasses(Number(row.page), Number(row.chain));
    expect(shape.ordinalOfStep.length).toBe(Number(row.indices));
    expect(shape.stepBytes).toBe(Number(row.delta));
    expect(shape.classes.length).toBe(Number(row.clusters));
    expect(shape.watermarkBytes).toBe(Number(row.watermark));
    expect(shape.hugeBytes).toBe(Number(row.hugeApi));
  });

  it('send the first huge request to the huge class and the one before it to another', () => {
    for (const { page, chain } of csv('summary-other-pages.csv')) {
      const shape = sizeClasses(Number(page), Number(chain));
      const huge = shape.classes.length - 1;
      expect(shape.classes[huge]!.huge, `${page}/${chain}`).toBe(true);
      expect(classOfRequest(shape, shape.hugeBytes), `${page}/${chain}`).toBe(huge);
      expect(classOfRequest(shape, Number(page)), `${page}/${chain}`).toBe(huge);
      expect(shape.classes[classOfRequest(shape, shape.hugeBytes - 1)]!.sizeBytes, `${page}/${chain}`).toBe(
        shape.watermarkBytes,
      );
      expect(shape.classes.filter((c) => c.huge).length, `${page}/${chain}`).toBe(1);
    }
  });

  it('with any step, give each request the smallest slot that holds it, and each page of a chain part of a payload', () => {
    for (const [page, chain] of shapes()) {
      for (let step = page / STEPS_PER_PAGE_MAX; step <= page / STEPS_PER_PAGE_MIN; step += STEP_UNIT_BYTES) {
        const shape = sizeClasses(page, chain, step);
        const { classes } = shape;
        const what = `${page}/${chain}/${step}`;
        expect(classes.map(({ huge }) => huge).indexOf(true), what).toBe(classes.length - 1);
        expect(classes.at(-1)!.sizeBytes, what).toBe(page);
        expect(
          classes.every(({ sizeBytes }) => sizeBytes % STEP_UNIT_BYTES === 0),
          what,
        ).toBe(true);
        expect(classes[classOfRequest(shape, shape.hugeBytes)]!.huge, what).toBe(true);
        expect(classes[classOfRequest(shape, shape.hugeBytes - 1)]!.sizeBytes, what).toBe(shape.watermarkBytes);
        let smallest = 0;
        for (let request = 1; request <= page; request++) {
          while (request > roomIn(classes[smallest]!)) smallest++;
          if (classOfRequest(shape, request) !== smallest)
            expect.fail(`${what}: request ${request} is in class ${classOfRequest(shape, request)}, not ${smallest}`);
        }
      }
    }
  });

  it('are fewer with larger steps, down to a handful', () => {
    const counts = [16, 32, 64, 128, 256].map((step) => sizeClasses(PAGE, 8, step).classes.length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts[0]).toBe(119);
    expect(counts[1]).toBe(77);
    expect(counts.at(-1)).toBeLessThan(17);
  });

  it('are computed once for a shape', () => {
    expect(sizeClasses(8192, 9, 32)).toBe(sizeClasses(8192, 9));
    expect(sizeClasses(8192, 9, 48)).not.toBe(sizeClasses(8192, 9));
    expect(sizeClasses(8192, 9)).toBe(sizeClasses(8192, 9));
    expect(sizeClasses(8192, 9)).not.toBe(sizeClasses(8192, 10));
  });
});

describe('classOfRequest', () => {
  it.each([
    [1, 0, 32],
    [24, 0, 32],
    [25, 1, 48],
    [504, 30, 512],
    [505, 31, 528],
    [1000, 62, 1024],
    [1017, 64, 1056],
    [1560, 96, 1568],
    [2040, 126, 2048],
    [2041, 134, 2176],
    [3256, 202, 3264],
    [3257, 211, 3408],
    [3624, 225, 3632],
    [3625, 254, 4096],
    [4088, 254, 4096],
    [4089, 254, 4096],
    [4096, 254, 4096],
  ])('serves %i bytes from class %i of %i bytes', (request, index, sizeBytes) => {
    const shape = sizeClasses(PAGE, 8);
    expect(shape.classes[classOfRequest(shape, request)]).toMatchObject({ index, sizeBytes });
  });
});

describe('slots of a zspage', () => {
  it.each([
    { chain: 8, size: 48, offsets: [0, 32, 16], starts: [86, 85, 85], spanning: [85, 170] },
    { chain: 8, size: 528, offsets: [0, 128, 256, 384], starts: [8, 8, 8, 7], spanning: [7, 15, 23] },
    {
      chain: 8,
      size: 3632,
      offsets: [0, 3168, 2704, 2240, 1776, 1312, 848, 384],
      starts: [2, 1, 1, 1, 1, 1, 1, 1],
      spanning: [1, 2, 3, 4, 5, 6, 7],
    },
    {
      chain: 16,
      size: 3440,
      offsets: [0, 2784, 2128, 1472, 816, 160, 2944, 2288, 1632, 976, 320, 3104, 2448, 1792, 1136, 480],
      starts: undefined,
      spanning: undefined,
    },
  ])(
    'of $size bytes start and span pages as in the kernel, with chains of $chain',
    ({ chain, size, offsets, starts, spanning }) => {
      const sizeClass = sizeClasses(PAGE, chain).classes.find((c) => c.sizeBytes === size)!;
      const slots = Array.from({ length: sizeClass.objectsPerZspage }, (_, slot) => slot);
      const pageOf = (slot: number): number =>
        pagesForSlots(slot, size, PAGE) - ((slot * size) % PAGE === 0 && slot > 0 ? 0 : 1);
      const inPage = (page: number): number[] => slots.filter((slot) => pageOf(slot) === page);
      const pages = Array.from({ length: sizeClass.pagesPerZspage }, (_, page) => page);
      expect(pages.map((page) => (inPage(page)[0]! * size) % PAGE)).toEqual(offsets);
      if (starts !== undefined) expect(pages.map((page) => inPage(page).length)).toEqual(starts);
      if (spanning !== undefined)
        expect(slots.filter((slot) => pagesForSlots(slot + 1, size, PAGE) - 1 > pageOf(slot))).toEqual(spanning);
    },
  );

  it('take a page even when there are none, and one more page only when a slot reaches it', () => {
    expect([0, 1, 85, 86, 170, 171, 256].map((slots) => pagesForSlots(slots, 48, PAGE))).toEqual([1, 1, 1, 2, 2, 3, 3]);
  });

  it('pack into whole zspages and the pages that the rest needs', () => {
    const sizeClass = sizeClasses(PAGE, 8).classes.find((c) => c.sizeBytes === 3632)!;
    expect([0, 1, 2, 8, 9, 10, 18].map((objects) => pagesPacked(objects, sizeClass, PAGE))).toEqual([
      0, 1, 2, 8, 8, 9, 16,
    ]);
  });
});

describe('pagesPacked', () => {
  // Zspages that the kernel's zs_can_compact() finds worth emptying, in pages.
  it.each([
    { objects: 31, pages: 4, capacity: 4154, inuse: 3793, freeablePages: 44 },
    { objects: 8, pages: 1, capacity: 3464, inuse: 3346, freeablePages: 14 },
    { objects: 15, pages: 2, capacity: 4170, inuse: 3965, freeablePages: 26 },
    { objects: 5, pages: 2, capacity: 15, inuse: 8, freeablePages: 2 },
    { objects: 5, pages: 2, capacity: 10, inuse: 8, freeablePages: 0 },
    { objects: 5, pages: 2, capacity: 10, inuse: 10, freeablePages: 0 },
  ])(
    'frees the $freeablePages pages that whole zspages give, and pages of the last one, for $inuse of $capacity slots',
    ({ objects, pages, capacity, inuse, freeablePages }) => {
      const sizeClass = sizeClasses(4096, 8).classes.find(
        (c) => c.objectsPerZspage === objects && c.pagesPerZspage === pages,
      )!;
      const freeable = (capacity / objects) * pages - pagesPacked(inuse, sizeClass, 4096);
      expect(freeable).toBeGreaterThanOrEqual(freeablePages);
      expect(freeable).toBeLessThan(freeablePages + pages);
    },
  );
});
