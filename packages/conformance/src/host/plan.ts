// Where everything lies in a small pool: the least of core's memory that a strategy needs, with words to check it by.
//
// Classes 0 and 1 have zspages of one page with two slots each; class 2 stands for the class of huge objects, and is
// empty. So class 0 has zspages 1 and 2, class 1 has zspage 3, and a zspage's page has its number.

import type { StrategyWords } from '@zsmalloc/core/strategy';

export const CLASSES = 3;
/** Structure locks: classes, handles, pages. */
export const LOCKS: number = CLASSES + 2;
export const HANDLES_LOCK: number = CLASSES;
export const PAGES_LOCK: number = CLASSES + 1;
export const ZSPAGES = 3;
export const SLOTS_PER_ZSPAGE = 2;
export const CELLS = 8;
/** Words of a lock record, as in core. */
const LOCK_STRIDE = 16;
export const INDEX_BITS = 3;
export const SLOT_WORDS = 8;
const PAGE_WORDS = 2;
const LINE = 16;

/** Size class of a zspage. */
export const classOfZspage = (zspage: number): number => (zspage === 3 ? 1 : 0);

/** Word indexes. */
export interface SmallPlan {
  readonly words: StrategyWords;
  readonly agentsMax: number;
  readonly poolBase: number;
  readonly lockBase: number;
  readonly lockStride: number;
  readonly zspageBase: number;
  readonly zspageStride: number;
  readonly agentBase: number;
  readonly agentStride: number;
  /** End of the words that belong to the strategy. */
  readonly strategyEnd: number;
  readonly pageBase: number;
  readonly cellBase: number;
  readonly slotBase: number;
  /** One word a slot: LIVE, RETIRED or FREE. */
  readonly stateBase: number;
  /** Two words a lock, changed by whoever holds it, and always equal. */
  readonly counterBase: number;
  /** Words for the programs of a check. */
  readonly scratchBase: number;
  /** Two words of the pool for recovery, which nobody uses, and per agent where it notes the reader counts it is in. */
  readonly alarm: number;
  readonly readsBase: number;
  readonly readsStride: number;
  readonly end: number;
}

export const SCRATCH_WORDS = 64;
/** Entries of an agent's read table, one of them for the pool's lock. */
const READS_FEW = 16;
const READS_MANY = 512;

/**
 * Plans a small pool. The first word stays unused: word 0 is nobody's.
 *
 * @param guard Words behind the strategy's words of each zspage that nobody may write, see `strayWord`.
 */
export function planSmall(words: StrategyWords, agentsMax: number, guard = 0): SmallPlan {
  let end = LINE;
  const take = (count: number): number => {
    const base = end;
    end = Math.ceil((end + count) / LINE) * LINE;
    return base;
  };
  const agentStride = Math.max(2 * LINE, Math.ceil(words.agent / LINE) * LINE);
  const zspageStride = Math.max(1, words.zspage) + guard;
  const poolBase = take(words.pool);
  const lockBase = take(LOCKS * LOCK_STRIDE);
  const zspageBase = take((ZSPAGES + 1) * zspageStride);
  const agentBase = take((agentsMax + 1) * agentStride);
  const strategyEnd = end;
  // With guard words, there are checks that hold very much at once.
  const readsStride = guard > 0 ? READS_MANY : READS_FEW;
  return {
    words,
    agentsMax,
    poolBase,
    lockBase,
    lockStride: LOCK_STRIDE,
    zspageBase,
    zspageStride,
    agentBase,
    agentStride,
    strategyEnd,
    pageBase: take((ZSPAGES + 1) * PAGE_WORDS),
    cellBase: take(CELLS + 1),
    slotBase: take((ZSPAGES + 1) * SLOTS_PER_ZSPAGE * SLOT_WORDS),
    stateBase: take((ZSPAGES + 1) * SLOTS_PER_ZSPAGE),
    counterBase: take(LOCKS * 2),
    scratchBase: take(SCRATCH_WORDS),
    alarm: take(2),
    readsBase: take((agentsMax + 1) * readsStride),
    readsStride,
    end: Math.ceil(end / 2) * 2,
  };
}

/** A word among the strategy's that it has not declared, and that is not 0 any more; -1 for none. */
export function strayWord(plan: SmallPlan, memory: Int32Array): number {
  const { words, poolBase, lockBase, zspageBase, agentBase, strategyEnd } = plan;
  const regions = [
    [poolBase, lockBase, lockBase - poolBase, words.pool],
    [lockBase, lockBase + LOCKS * plan.lockStride, plan.lockStride, words.lock],
    [zspageBase, zspageBase + (ZSPAGES + 1) * plan.zspageStride, plan.zspageStride, words.zspage],
    [agentBase, strategyEnd, plan.agentStride, words.agent],
  ] as const;
  for (const [base, end, stride, declared] of regions) {
    for (let word = base; word < end; word++) {
      if ((word - base) % stride >= declared && memory[word] !== 0) return word;
    }
  }
  return -1;
}

/** Name of a word, for reports. */
export function nameWord(plan: SmallPlan, word: number): string {
  const { lockBase, zspageBase, agentBase, strategyEnd, pageBase, cellBase, slotBase, stateBase } = plan;
  if (word < lockBase) return `the strategy's pool word ${word - plan.poolBase}`;
  if (word < zspageBase) return `a word of ${nameLock(Math.floor((word - lockBase) / LOCK_STRIDE))}`;
  if (word < agentBase) return `the strategy's word of zspage ${Math.floor((word - zspageBase) / plan.zspageStride)}`;
  if (word < strategyEnd) return `the strategy's word of agent ${Math.floor((word - agentBase) / plan.agentStride)}`;
  if (word < cellBase) return `the owner of page ${Math.floor((word - pageBase) / PAGE_WORDS)}`;
  if (word < slotBase) return `handle cell ${word - cellBase}`;
  if (word < stateBase) {
    const slot = Math.floor((word - slotBase) / SLOT_WORDS);
    return `the bytes of slot ${slot % SLOTS_PER_ZSPAGE} in zspage ${Math.floor(slot / SLOTS_PER_ZSPAGE)}`;
  }
  if (word < plan.counterBase) return `the state of slot ${word - stateBase}`;
  if (word < plan.scratchBase) return `the counters under ${nameLock((word - plan.counterBase) >> 1)}`;
  return `scratch word ${word - plan.scratchBase}`;
}

/** Name of a structure lock, for reports. */
export function nameLock(lock: number): string {
  if (lock === HANDLES_LOCK) return 'the handles lock';
  return lock === PAGES_LOCK ? 'the pages lock' : `class lock ${lock}`;
}
