// What a strategy gets to see of a pool.

import { isLocation } from './handles.ts';
import { ZsmallocError } from './errors.ts';
import { AGENT, HEADER, LOCK } from './layout/records.ts';
import type { Objects } from './objects.ts';
import type { PageAllocator } from './pages.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { StrategyHost } from './strategy/contract.ts';
import { ReadTable } from './strategy/read-table.ts';

/** The pool's side of the contract. */
export function strategyHost(state: PoolState, objects: Objects, pages: PageAllocator): StrategyHost {
  const { plan } = state;
  return {
    agent: state.agent,
    reads: readTable(state, pages),
    hasKernels: state.memory.kernelMemory !== undefined,
    agentsMax: plan.agentsMax,
    poolBase: plan.poolBase,
    lockCount: plan.lockCount,
    lockBase: plan.lockBase,
    lockStride: LOCK.words,
    zspagesMax: plan.pages,
    zspageBase: plan.zspageBase,
    zspageStride: plan.zspageStride,
    agentBase: plan.agentBase + AGENT.words,
    agentStride: plan.agentStride,
    pageBase: plan.pageBase,
    indexBits: plan.indexBits,
    isLocation,
    zspageOf: (location) => state.ownerOf(location) >>> OWNER_SHIFT,
    classOf: (location) => {
      const owner = state.ownerOf(location);
      return owner === 0 ? -1 : owner & OWNER_CLASS_MASK;
    },
    indexOf: (location) => state.indexOf(location),
    slotAt: (zspage, index) => objects.slotAt(zspage, index),
    slotsInUse: (zspage) => objects.slotsInUse(zspage),
    spareWord: (location) => objects.spareWord(location),
    slotBytes: (classIndex) => state.tables.sizeBytes[classIndex]!,
    reclaimObject: objects.hot.reclaimObject,
    reclaimPlace: (location) => objects.reclaimPlace(location),
    reclaimPage: (page) => objects.reclaimPage(page),
    releaseReclaimed: () => objects.releaseReclaimed(),
  };
}

function readTable(state: PoolState, pages: PageAllocator): ReadTable {
  const { record, plan } = state;
  return new ReadTable(state.agent, {
    alarm: HEADER.at.alarm,
    disturbed: HEADER.at.disturbed,
    lookup: record + AGENT.at.lookup,
    reads: record + AGENT.at.reads,
    // The last entry is for the read of a kernel.
    readsCount: AGENT.fields.reads.words - (state.memory.kernelMemory === undefined ? 0 : 1),
    grow: () => {
      const page = pages.takeReadPage(record);
      if (page !== 0) return { first: page * plan.pageWords, count: plan.pageWords };
      throw new ZsmallocError(
        'ERR_ZS_NO_MEMORY',
        `cannot begin a read: this agent has so many open that it needs a page to note them, and the pool has none. End some of them, or free objects.`,
        { pages: plan.pages },
      );
    },
  });
}
