// What a strategy gets to see of a pool.

import { isLocation } from './handles.ts';
import { AGENT, LOCK } from './layout/records.ts';
import type { Objects } from './objects.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { StrategyHost } from './strategy/contract.ts';

/** The pool's side of the contract. */
export function strategyHost(state: PoolState, objects: Objects): StrategyHost {
  const { plan } = state;
  return {
    agent: state.agent,
    agentsMax: plan.agentsMax,
    poolBase: plan.poolBase,
    lockCount: plan.lockCount,
    lockBase: plan.lockBase,
    lockStride: LOCK.words,
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
