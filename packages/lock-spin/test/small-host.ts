// The least of a pool that a strategy needs: one object, one zspage, one class.

import { createAgent } from '@zsmalloc/core/words';
import type { Words } from '@zsmalloc/core/words';
import { ReadTable } from '@zsmalloc/core/strategy';
import type { BoundStrategy, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { SMALL_BUDGET, sharedWords } from './agents.ts';

export const CELL = 60;
export const FREE_CELL = 61;
export const LOCATION = 40;
export const ZSPAGE = 1;
export const CLASS = 2;
const PAGE_BASE = 62;
const INDEX_BITS = 3;
const ALARM = 80;
const READS = 82;
const READS_COUNT = 4;
const AGENT_BASE = 120;
const AGENT_STRIDE = 8;

export interface SmallPool {
  readonly words: Words;
  readonly reclaimed: number[];
  /** Binds the strategy for one more agent, which gives up instead of waiting. */
  bind(index: number): BoundStrategy;
  /** True when no lock is held. */
  isUnlocked(): boolean;
}

export function smallPool(strategy: Strategy): SmallPool {
  const words = sharedWords(160);
  const idle = new Int32Array(CELL);
  const reclaimed: number[] = [];
  const reclaim = (location: number): number => reclaimed.push(location);
  words[CELL] = LOCATION;
  words[PAGE_BASE + 2 * (LOCATION >>> INDEX_BITS)] = (ZSPAGE << 9) | CLASS;
  return {
    words,
    reclaimed,
    bind: (index) => {
      const agent = createAgent(words, index, SMALL_BUDGET);
      agent.mayBlock = false;
      const host: Partial<StrategyHost> = {
        agent,
        reads: new ReadTable(agent, {
          alarm: ALARM,
          disturbed: ALARM + 1,
          lookup: READS + index * (READS_COUNT + 1),
          reads: READS + index * (READS_COUNT + 1) + 1,
          readsCount: READS_COUNT,
          grow: () => {
            throw new Error('more reads than a test opens');
          },
        }),
        poolBase: 0,
        lockBase: 8,
        lockStride: 2,
        zspageBase: 32,
        zspageStride: 3,
        agentBase: AGENT_BASE,
        agentStride: AGENT_STRIDE,
        pageBase: PAGE_BASE,
        indexBits: INDEX_BITS,
        isLocation: (value) => value > 0,
        zspageOf: () => ZSPAGE,
        classOf: () => CLASS,
        reclaimObject: reclaim,
        reclaimPlace: reclaim,
        reclaimPage: reclaim,
      };
      const before = words.slice(0, CELL);
      const bound = strategy.bind(host as StrategyHost);
      // What an agent's coming changes is no lock.
      for (let i = 0; i < CELL; i++) idle[i]! += words[i]! - before[i]!;
      return bound;
    },
    isUnlocked: () => words.subarray(0, CELL).every((word, i) => word === idle[i]),
  };
}
