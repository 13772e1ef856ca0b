// Words whose plain accesses race by design, with the reason for each. Every other race that the explorer finds in a
// pool is a bug. A program names the kinds that it needs; of cells and slots only those of objects that live at its
// start are taken, and of classes only those that have pages then.

import { AGENT, CACHE, CLASS, DEPOT, HEADER, LOCK, MAGAZINE, PAGE, isLocation } from '@zsmalloc/core/model';
import type { PoolPlan } from '@zsmalloc/core/model';

/**
 * - estimates: Compaction looks at `pages` and `inuse` of a class before it takes the lock. A stale figure makes it skip
 *   the class, or take the lock for nothing: all that counts is read again under it.
 * - cells: A lookup reads a handle cell as a hint, or by mistake beside the free of its object. What decides is read
 *   again: under the class lock for a free, by an atomic load under the zspage lock for a read.
 * - owners: Migration looks at the owner of a page before it takes the lock, and a lookup looks at the owner of the page
 *   that its hint names. A stale owner names a lock too many, never one too few: both look again under it.
 * - freedSlots: A read beside the free of its own object is a mistake of the user. Where the capability freeDuringRead is
 *   false it may see the slot being linked into the free list, and the length that stood there.
 * - spare: The second word of a slot holds the length, which readers mask out, and above it bits of a strategy that
 *   reclaims later.
 * - recovery: An alarm that is seen late is seen at the next wait. What an agent notes of itself, it notes plainly; who
 *   recovers looks at it by atomic loads, and asks again where it is in doubt.
 * - caches: A request for what an agent has cached is seen by its next malloc or free, or the one after. Who detaches looks
 *   at what depots hold before it takes a lock: it sees what it gave itself, and who gives later looks later.
 * - strategy: Words of the strategy: how it reads them is its own affair. What its locks protect is not its own.
 */
export type RacyKind = 'estimates' | 'cells' | 'owners' | 'freedSlots' | 'spare' | 'recovery' | 'caches' | 'strategy';

/** The words of these kinds in the pool as it is now. */
export function racyWords(kinds: readonly RacyKind[], plan: PoolPlan, words: Int32Array): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { cell, slot } of liveObjects(plan, words)) {
    if (kinds.includes('cells')) found.add(cell);
    if (kinds.includes('freedSlots')) for (const at of [0, 1]) found.add(slot + at);
    if (kinds.includes('spare')) found.add(slot + 1);
  }
  if (kinds.includes('owners')) {
    for (let page = plan.firstPage; page < plan.pages; page++)
      found.add(plan.pageBase + page * PAGE.words + PAGE.at.owner);
  }
  if (kinds.includes('estimates')) {
    for (const { ordinal } of plan.shape.classes) {
      const base = plan.classBase + ordinal * CLASS.words;
      if (words[base + CLASS.at.pages] > 0) for (const at of [CLASS.at.pages, CLASS.at.inuse]) found.add(base + at);
    }
  }
  if (kinds.includes('recovery')) {
    found.add(HEADER.at.alarm);
    for (let agent = 1; agent <= plan.agentsMax; agent++) {
      for (let at = 0; at < AGENT.words; at++) found.add(plan.agentBase + agent * plan.agentStride + at);
    }
  }
  if (kinds.includes('caches')) {
    for (let agent = 1; agent <= plan.agentsMax; agent++)
      found.add(plan.cacheBase + agent * plan.cacheStride + CACHE.at.wanted);
    for (const { ordinal } of plan.shape.classes)
      found.add(plan.cacheBase + DEPOT * plan.cacheStride + CACHE.words + ordinal * MAGAZINE.words + MAGAZINE.at.count);
  }
  if (kinds.includes('strategy')) addStrategyWords(found, plan);
  return found;
}

function addStrategyWords(found: Set<number>, plan: PoolPlan): void {
  const addRange = (from: number, count: number): void => {
    for (let word = from; word < from + count; word++) found.add(word);
  };
  const { strategyWords, agentBase, agentStride, zspageBase, zspageStride } = plan;
  addRange(plan.poolBase, strategyWords.pool);
  addRange(plan.lockBase, plan.lockCount * LOCK.words);
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    addRange(agentBase + agent * agentStride + AGENT.words, strategyWords.agent);
  }
  for (let zspage = 1; zspage <= plan.pages; zspage++)
    addRange(zspageBase + zspage * zspageStride, strategyWords.zspage);
}

interface LiveObject {
  readonly cell: number;
  readonly slot: number;
}

/** Objects of one page of cells, which small pools have at most. */
function liveObjects(plan: PoolPlan, words: Int32Array): LiveObject[] {
  const { pageWords, pageBytes } = plan;
  const cells = words[plan.directoryBase] * pageWords;
  if (cells === 0) return [];
  const live: LiveObject[] = [];
  for (let cell = cells; cell < cells + pageWords; cell++) {
    if (!isLocation(words[cell])) continue;
    const page = words[cell] >>> plan.indexBits;
    const ordinal = words[plan.pageBase + page * PAGE.words + PAGE.at.owner] & 0x1ff;
    const index = words[cell] & ((1 << plan.indexBits) - 1);
    const start = (index * plan.shape.classes[ordinal].sizeBytes) % pageBytes;
    live.push({ cell, slot: page * pageWords + start / 4 });
  }
  return live;
}
