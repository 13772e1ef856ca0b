// Programs of two agents on one small pool, for the explorer: whole calls of the shipping pool and strategy. Payloads are
// plain bytes, so reuse that nothing orders behind a reader is a data race in any schedule.

import { ModelMemory, explore } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import { hasCode } from '@zsmalloc/core/words';
import type { Strategy } from '@zsmalloc/core/strategy';
import { openPool } from '../../core/src/create.ts';
import { formatMemory } from '../../core/src/format.ts';
import { planPool } from '../../core/src/layout/plan.ts';
import type { PoolPlan } from '../../core/src/layout/plan.ts';
import { CLASS, HEADER, PAGE } from '../../core/src/layout/records.ts';
import { AgentPool } from '../../core/src/pool.ts';
import { PoolState, openMemory } from '../../core/src/state.ts';
import type { Memory } from '../../core/src/state.ts';
import { reclamationOf } from '../src/index.ts';
import { LOCK, POOL } from '../src/records.ts';

const PAGE_BYTES = 4096;
const PAGES = 32;
const KEY = 1;
const patient = { yieldAfter: Infinity, refuseAfter: Infinity };

/** What an agent does with its side of the pool and the handles that the setup made. */
export type Role = (pool: AgentPool, handles: readonly number[], context: ThreadContext) => void;

export interface PoolProgram {
  readonly strategy: Strategy;
  /** Makes what the agents find. Returns handles. */
  readonly setup: (pool: AgentPool) => number[];
  readonly roles: Readonly<Record<string, Role>>;
  /** Looks at the pool when all have ended; the invariants are checked anyway. */
  readonly check?: (pool: AgentPool, handles: readonly number[]) => void;
}

const memoryOf = (model: ModelMemory): Memory => ({
  buffer: model.buffer,
  words: model.int32,
  bytes: model.uint8,
  view: (offset, lengthBytes) => model.view('uint8', offset, lengthBytes) as Uint8Array,
});

const planFor = (strategy: Strategy): PoolPlan =>
  planPool({ pageBytes: PAGE_BYTES, chainPages: 4, pages: PAGES, agentsMax: 3, strategyWords: strategy.words });

/**
 * Plain accesses that race by design: hints that are checked again (page owners, free and new cells), the lengths and
 * tags that readers mask or compare, EPOCH in pin, and looks for classes with garbage or something to compact.
 */
function racyWords(plan: PoolPlan, words: Int32Array, slotBytes: number): Set<number> {
  const racy = new Set<number>([plan.poolBase + POOL.at.epoch]);
  for (let page = plan.firstPage; page < plan.pages; page++)
    racy.add(plan.pageBase + page * PAGE.words + PAGE.at.owner);
  for (let lock = 0; lock < plan.lockCount; lock++) racy.add(plan.lockBase + lock * 16 + LOCK.at.limboHead);
  for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) {
    for (const at of [CLASS.at.pages, CLASS.at.inuse]) racy.add(plan.classBase + ordinal * CLASS.words + at);
  }
  const cellsPage = words[plan.directoryBase]!;
  for (let cell = 0; cell < 40; cell++) racy.add((cellsPage * PAGE_BYTES) / 4 + cell);
  for (let page = plan.firstPage; page < plan.pages; page++) {
    if (page === cellsPage) continue;
    for (let at = 0; at + 8 <= PAGE_BYTES; at += slotBytes) {
      racy.add((page * PAGE_BYTES + at) / 4);
      racy.add((page * PAGE_BYTES + at) / 4 + 1);
    }
  }
  return racy;
}

/** Runs every schedule of whole calls, or as many as the options say. `slotBytes` divides the page: slots lie alike in each. */
export function explorePool(
  program: PoolProgram,
  slotBytes: number,
  options: Partial<ExploreOptions> = {},
): ExploreResult {
  const { strategy, roles } = program;
  const plan = planFor(strategy);
  const model = new ModelMemory(PAGES * PAGE_BYTES);
  let handles: number[] = [];
  let racy = new Set<number>();
  return explore({
    memory: model,
    setup: ({ buffer }) => {
      const memory = openMemory(buffer);
      formatMemory(memory, plan, strategy, 0, KEY);
      const pool = openPool(memory, plan, strategy);
      handles = program.setup(pool);
      pool.detach();
      memory.words[plan.poolBase + POOL.at.agentsHigh] = Object.keys(roles).length;
      racy = racyWords(plan, memory.words, slotBytes);
    },
    threads: Object.fromEntries(
      Object.entries(roles).map(([name, role], index) => [
        name,
        (context: ThreadContext) => role(attachAs(context.memory, plan, strategy, index + 1), handles, context),
      ]),
    ),
    racy: (byteOffset) => racy.has(byteOffset >>> 2),
    check: ({ memory }) => {
      // On a copy: what this does must not show in the next execution.
      const copy = openMemory(new SharedArrayBuffer(memory.byteLength));
      copy.bytes.set(new Uint8Array(memory.buffer));
      const pool = openPool(copy, plan, strategy);
      program.check?.(pool, handles);
      pool.verify();
      // Nobody is inside any more, so nothing may stay in limbo.
      reclamationOf(pool).reclaim();
      const { garbage } = reclamationOf(pool).stats();
      if (garbage.slots + garbage.pages !== 0) throw new Error(`garbage is left: ${JSON.stringify(garbage)}`);
      pool.verify();
    },
    describe: (byteOffset) => nameOf(plan, byteOffset >>> 2),
    maxSteps: 20_000,
    ...options,
  });
}

/** Attaches as a given agent, without the atomic operations of attaching: those are not what is explored. */
function attachAs(memory: ModelMemory, plan: PoolPlan, strategy: Strategy, index: number): AgentPool {
  const agent = { words: memory.int32, index, spin: patient, mayBlock: true };
  return new AgentPool(new PoolState(memoryOf(memory), plan, agent, strategy, KEY));
}

function nameOf(plan: PoolPlan, word: number): string | undefined {
  if (word < HEADER.words) return `header+${word}`;
  if (word < plan.lockBase) return `pool+${word - plan.poolBase}`;
  if (word < plan.classBase) return `lock ${Math.floor((word - plan.lockBase) / 16)}+${(word - plan.lockBase) % 16}`;
  if (word < plan.agentBase) return `class+${word - plan.classBase}`;
  if (word < plan.pageBase) return `agent+${word - plan.agentBase}`;
  if (word < plan.zspageBase) return `page ${(word - plan.pageBase) >> 1}+${(word - plan.pageBase) & 1}`;
  if (word < plan.directoryBase)
    return `zspage ${Math.floor((word - plan.zspageBase) / plan.zspageStride)}+${(word - plan.zspageBase) % plan.zspageStride}`;
  return undefined;
}

/** True when the call found no object, which is a right answer for a reader beside a free. */
export function findsNothing(call: () => void): boolean {
  try {
    call();
    return false;
  } catch (error) {
    if (hasCode(error, 'ERR_ZS_BAD_HANDLE')) return true;
    throw error;
  }
}
