import { describe, expect, it } from 'vitest';
import { CELL_BITS_MAX, DATA_PAGES_MIN, LOCATION_BITS, pagesMax, planPool } from '../src/layout/plan.ts';
import type { PoolPlan, PoolShape } from '../src/layout/plan.ts';
import { AGENT, CLASS, HEADER, LINE_WORDS, LOCK, PAGE } from '../src/layout/records.ts';
import { refusal } from './use-pool.ts';

const GIB = 2 ** 30;
const noWords = { pool: 0, lock: 0, zspage: 0, agent: 0 };
const shapeOf = (over: Partial<PoolShape>): PoolShape => ({
  pageBytes: 4096,
  chainPages: 8,
  pages: 1024,
  agentsMax: 64,
  strategyWords: noWords,
  ...over,
});

/** Tables of a plan in the order of the buffer: name, first word, words. */
function tables(plan: PoolPlan): [string, number, number][] {
  return [
    ['header', 0, HEADER.words],
    ['strategy', plan.poolBase, plan.strategyWords.pool],
    ['locks', plan.lockBase, plan.lockCount * LOCK.words],
    ['classes', plan.classBase, plan.shape.classes.length * CLASS.words],
    ['agents', plan.agentBase, (plan.agentsMax + 1) * plan.agentStride],
    ['pages', plan.pageBase, plan.pages * PAGE.words],
    ['zspages', plan.zspageBase, (plan.pages + 1) * plan.zspageStride],
    ['directory', plan.directoryBase, Math.ceil((plan.cellsMax + 1) / plan.pageWords)],
    ['data', plan.firstPage * plan.pageWords, (plan.pages - plan.firstPage) * plan.pageWords],
  ];
}

const shapes: PoolShape[] = [];
for (const pageBytes of [4096, 8192, 16_384, 65_536]) {
  for (const chainPages of [4, 8, 16]) {
    for (const agentsMax of [1, 64, 255]) {
      for (const strategyWords of [
        noWords,
        { pool: 1, lock: 1, zspage: 1, agent: 0 },
        { pool: 65_536, lock: 16, zspage: 6, agent: 28 },
      ]) {
        shapes.push(shapeOf({ pageBytes, chainPages, agentsMax, strategyWords, pages: 1000 }));
      }
    }
  }
}

describe('planPool', () => {
  it('places all tables one behind the other, without overlap, for every shape', () => {
    for (const shape of shapes) {
      const plan = planPool(shape);
      let end = 0;
      for (const [name, start, words] of tables(plan)) {
        expect(start, `${name} of ${JSON.stringify(shape)}`).toBeGreaterThanOrEqual(end);
        end = start + words;
      }
      expect(end).toBe((plan.pages * plan.pageBytes) / 4);
    }
  });

  it('keeps locks, classes and agents on cache lines of their own', () => {
    for (const shape of shapes) {
      const { lockBase, classBase, agentBase, agentStride, zspageBase } = planPool(shape);
      for (const base of [lockBase, classBase, agentBase, agentStride, zspageBase]) expect(base % LINE_WORDS).toBe(0);
    }
  });

  it('leaves room for the strategy in each agent record and each zspage record', () => {
    for (const shape of shapes) {
      const plan = planPool(shape);
      expect(plan.agentStride).toBeGreaterThanOrEqual(AGENT.words + shape.strategyWords.agent);
      expect(plan.zspageStride).toBeGreaterThanOrEqual(plan.zspageCore + 5);
    }
  });

  it('accepts 4 GiB of 4 KiB pages and keeps every location, cell and handle inside its bits', () => {
    const pages = pagesMax(4096, 8);
    expect(pages * 4096).toBe(4 * GIB);
    const plan = planPool(shapeOf({ pages }));
    expect(pages * 2 ** plan.indexBits).toBeLessThanOrEqual(2 ** LOCATION_BITS);
    expect(plan.shape.objectsPerZspageMax).toBeLessThanOrEqual(2 ** plan.indexBits);
    expect(plan.cellBits).toBe(CELL_BITS_MAX);
    expect(plan.cellsMax).toBe(2 ** 27 - 1);
    expect(plan.pages * plan.pageWords).toBe(GIB);
  });

  it('reaches further with larger pages, and never beyond the bits of a location', () => {
    const reach = [4096, 8192, 16_384, 32_768, 65_536].map((pageBytes) => pagesMax(pageBytes, 8) * pageBytes);
    expect(reach).toEqual(reach.toSorted((a, b) => a - b));
    expect(reach[1]!).toBeGreaterThan(reach[0]!);
    for (const pageBytes of [4096, 8192, 16_384, 32_768, 65_536]) {
      for (let chainPages = 4; chainPages <= 16; chainPages++) {
        const plan = planPool(shapeOf({ pageBytes, chainPages, pages: 4000 }));
        expect(pagesMax(pageBytes, chainPages) * plan.shape.objectsPerZspageMax).toBeLessThanOrEqual(
          2 ** LOCATION_BITS,
        );
        // The usage word counts slots in 12 bits, an owner word classes in 9.
        expect(plan.shape.objectsPerZspageMax).toBeLessThan(2 ** 12);
        expect(plan.shape.classes.length).toBeLessThan(2 ** 9);
      }
    }
  });

  it('has one cell for each smallest slot, and a handle for each cell', () => {
    const plan = planPool(shapeOf({ pages: 1000 }));
    expect(plan.cellsMax).toBe(1000 * 128 - 1);
    expect(2 ** plan.cellBits).toBeGreaterThan(plan.cellsMax);
  });

  it('spends less than 3 % of a 1 GiB pool full of 256-byte objects on metadata, besides 8 bytes a slot', () => {
    const plan = planPool(shapeOf({ pages: GIB / 4096, strategyWords: { pool: 1, lock: 1, zspage: 1, agent: 0 } }));
    const sizeClass = plan.shape.classes.find((c) => c.sizeBytes >= 256)!;
    const slotsPerPage = sizeClass.objectsPerZspage / sizeClass.pagesPerZspage;
    // Of the data pages, so many hold slots; the others hold their cells.
    const dataPages = (plan.pages - plan.firstPage) / (1 + slotsPerPage / plan.pageWords);
    const objects = dataPages * slotsPerPage;
    const metadata = plan.tableWords * 4 + objects * 4;
    expect(metadata / (objects * 256)).toBeLessThan(0.03);
    expect(metadata / (objects * 256)).toBeGreaterThan(0.015);
  });

  it('refuses a pool that its tables fill, and the size that the message names is enough', () => {
    for (const agentsMax of [1, 2, 3, 5, 8, 13, 21, 34, 55, 64, 89, 144, 200, 255]) {
      for (const pageBytes of [4096, 8192, 65_536]) {
        for (const chainPages of [4, 8, 16]) {
          const shape = shapeOf({ pages: 1, agentsMax, pageBytes, chainPages });
          const { facts } = refusal(() => planPool(shape), 'ERR_ZS_OPTION');
          const pages = (facts.bytesMin as number) / pageBytes;
          const plan = planPool({ ...shape, pages });
          expect(plan.pages - plan.firstPage).toBeGreaterThanOrEqual(DATA_PAGES_MIN);
          refusal(() => planPool({ ...shape, pages: plan.firstPage + DATA_PAGES_MIN - 1 }), 'ERR_ZS_OPTION');
        }
      }
    }
  });
});
