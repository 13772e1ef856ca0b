// Where everything lies in a pool's buffer, computed from its shape. Two agents compute the same plan.

import { ZsmallocError } from '../errors.ts';
import { sizeClasses } from '../size-class.ts';
import type { SizeClasses } from '../size-class.ts';
import { SLOT_BYTES_MIN } from '../size-class.ts';
import type { StrategyWords } from '../strategy/contract.ts';
import type { WordIndex } from '../words/agent.ts';
import { AGENT, CACHE, CLASS, HEADER, LINE_WORDS, LOCK, MAGAZINE, PAGE, ZSPAGE } from './records.ts';

export const PAGE_BYTES_MIN = 4096;
export const PAGE_BYTES_MAX = 65536;
export const CHAIN_PAGES_MIN = 4;
export const CHAIN_PAGES_MAX = 16;
/** Bits of a location, so that a cell keeps two tag bits and stays a small integer where those have 31 bits. */
export const LOCATION_BITS = 29;
/** Bits of a handle. */
export const HANDLE_BITS = 30;
/** At least 3 bits of generation remain, so at most 2^27 cells: one for each 32-byte slot of 4 GiB. */
export const CELL_BITS_MAX: number = HANDLE_BITS - 3;
/** Page numbers: 4 GiB of 4 KiB pages. Word indexes of such a pool are below 2^30. */
export const PAGES_MAX: number = 2 ** 20;
/** Pages behind the tables in the smallest pool: a page of cells, and one zspage of any class. */
export const DATA_PAGES_MIN: number = CHAIN_PAGES_MAX + 1;

/** What decides a plan. */
export interface PoolShape {
  readonly pageBytes: number;
  readonly chainPages: number;
  /** Bytes from one slot size to the next; left out, as the kernel has them. */
  readonly classStepBytes?: number;
  readonly pages: number;
  readonly agentsMax: number;
  readonly strategyWords: StrategyWords;
  /** Bytes of objects that an agent may cache; left out or 0, the pool has no caches. */
  readonly cacheBytes?: number;
}

/** Places and sizes of all tables; `...Base` is a word index, `...Stride` words. */
export interface PoolPlan extends PoolShape {
  readonly cacheBytes: number;
  readonly shape: SizeClasses;
  readonly pageShift: number;
  readonly pageWords: number;
  /** Bits of a slot index in a location. */
  readonly indexBits: number;
  /** Bits of a cell number in a handle. */
  readonly cellBits: number;
  readonly cellsMax: number;
  readonly handlesLock: number;
  readonly pagesLock: number;
  readonly lockCount: number;
  readonly poolBase: WordIndex;
  readonly lockBase: WordIndex;
  readonly classBase: WordIndex;
  readonly agentBase: WordIndex;
  readonly agentStride: number;
  /** Agent a's cache, and with DEPOT the depots, are at `cacheBase + a * cacheStride`, its magazines CACHE.words later. No words without caches. */
  readonly cacheBase: WordIndex;
  readonly cacheStride: number;
  readonly pageBase: WordIndex;
  /** Base of the records' strategy words; core's own fields start `zspageCore` words later. */
  readonly zspageBase: WordIndex;
  readonly zspageStride: number;
  readonly zspageCore: number;
  readonly directoryBase: WordIndex;
  /** Words of all tables. */
  readonly tableWords: number;
  /** First page behind the tables. */
  readonly firstPage: number;
}

const roundUp = (words: number, to: number): number => Math.ceil(words / to) * to;
const bitsFor = (values: number): number => Math.ceil(Math.log2(values));

/** Most pages that a pool of such pages can have: what a location can name. */
export function pagesMax(pageBytes: number, chainPages: number, classStepBytes?: number): number {
  const indexBits = bitsFor(sizeClasses(pageBytes, chainPages, classStepBytes).objectsPerZspageMax);
  return Math.min(PAGES_MAX, 2 ** (LOCATION_BITS - indexBits));
}

/** Pages of the smallest pool of a shape, from a first guess: tables grow with the pages that they describe. */
function pagesMin(shape: PoolShape, guess: number): number {
  try {
    return planPool({ ...shape, pages: guess }).pages;
  } catch {
    return pagesMin(shape, guess + 1);
  }
}

/**
 * Lays out a pool.
 *
 * @throws ERR_ZS_OPTION when the tables leave fewer than DATA_PAGES_MIN pages.
 */
export function planPool(shape: PoolShape): PoolPlan {
  const { pageBytes, chainPages, classStepBytes, pages, agentsMax, strategyWords, cacheBytes = 0 } = shape;
  const classes = sizeClasses(pageBytes, chainPages, classStepBytes);
  const classCount = classes.classes.length;
  const pageWords = pageBytes / 4;
  const cellsMax = Math.min(pages * (pageBytes / SLOT_BYTES_MIN), 2 ** CELL_BITS_MAX) - 1;
  const agentStride = roundUp(AGENT.words + strategyWords.agent, 2 * LINE_WORDS);
  const zspageStride = ZSPAGE.words + strategyWords.zspage;
  const lockCount = classCount + 2;

  const poolBase = HEADER.words;
  const lockBase = poolBase + roundUp(strategyWords.pool, 2 * LINE_WORDS);
  const classBase = lockBase + lockCount * LOCK.words;
  const agentBase = roundUp(classBase + classCount * CLASS.words, 2 * LINE_WORDS);
  const cacheBase = agentBase + (agentsMax + 1) * agentStride;
  const cacheStride = cacheBytes === 0 ? 0 : roundUp(CACHE.words + classCount * MAGAZINE.words, 2 * LINE_WORDS);
  const pageBase = cacheBase + (agentsMax + 1) * cacheStride;
  const zspageBase = roundUp(pageBase + pages * PAGE.words, LINE_WORDS);
  const directoryBase = zspageBase + (pages + 1) * zspageStride;
  const cellBits = bitsFor(cellsMax + 1);
  // One entry for each number that a handle can carry, so that a forged one needs no check of its own.
  const tableWords = directoryBase + Math.ceil(2 ** cellBits / pageWords);
  const firstPage = Math.ceil(tableWords / pageWords);
  if (pages - firstPage < DATA_PAGES_MIN) {
    const bytesMin = pagesMin(shape, firstPage + DATA_PAGES_MIN) * pageBytes;
    throw new ZsmallocError(
      'ERR_ZS_OPTION',
      `cannot create a pool of ${pages * pageBytes} bytes: its tables take ${firstPage} pages of ${pageBytes} bytes and ${DATA_PAGES_MIN} more are needed. Ask for at least ${bytesMin} bytes, or for fewer agents.`,
      { bytes: pages * pageBytes, bytesMin, pageBytes },
    );
  }
  return {
    ...shape,
    cacheBytes,
    shape: classes,
    pageShift: Math.log2(pageBytes),
    pageWords,
    indexBits: bitsFor(classes.objectsPerZspageMax),
    cellBits,
    cellsMax,
    handlesLock: classCount,
    pagesLock: classCount + 1,
    lockCount,
    poolBase,
    lockBase,
    classBase,
    agentBase,
    agentStride,
    cacheBase,
    cacheStride,
    pageBase,
    zspageBase,
    zspageStride,
    zspageCore: strategyWords.zspage,
    directoryBase,
    tableWords,
    firstPage,
  };
}
