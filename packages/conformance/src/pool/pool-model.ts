// Stands a whole pool on the explorer's memory, and explores programs of its agents.
//
// RULES
//   1. The code that runs is core as it ships: AgentPool over views of the model memory.
//   2. Agents are attached in the setup. A thread body is entered many times, so it only builds its side of the pool. A
//      thread is one turn of its agent.
//   3. After every execution a further agent looks at a copy of the memory: verify(), the contents, and that the pool
//      is empty once everything has been freed.

import { explore, ModelMemory } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import type { Strategy } from '@zsmalloc/core/strategy';
import { AgentPool, PoolState, formatMemory, openMemory, planPool, takeAgent } from '@zsmalloc/core/model';
import type { Memory, PoolPlan } from '@zsmalloc/core/model';
import { HASTY, PATIENT } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { defersReclaim } from '../invariants.ts';
import { asTurn, withTurns } from '../model/turns.ts';
import { nameWord } from './name-word.ts';
import { racyWords } from './racy-words.ts';
import type { RacyKind } from './racy-words.ts';

const PAGE_BYTES = 4096;
/** Any: a fixed one makes every execution the same. */
const KEY = 0x15a5_a5a5;
/** Rounds of reclaiming that a strategy may need until nothing is left, with nobody inside. */
const RECLAIM_ROUNDS = 8;

/** Contents by handle, as a check expects them. */
export type Contents = ReadonlyMap<number, number>;

/** What an agent does. `attach` attaches as one more agent, in the first free record. */
export type Role<S> = (pool: AgentPool, start: S, attach: () => AgentPool, context: ThreadContext) => unknown;

/** A program of agents that share one pool. One agent record is left free. */
export interface PoolProgram<S> {
  readonly strategy: Strategy;
  /** Makes the state that every execution starts from, and returns what the agents know of it. */
  /** Bytes that each agent may cache; none by default. */
  readonly cacheBytes?: number;
  readonly setup: (pool: AgentPool) => S;
  readonly agents: Readonly<Record<string, Role<S>>>;
  /** What must live at the end, by handle: the byte that each object is filled with, or -1 for any. */
  readonly contents: (start: S, results: Readonly<Record<string, unknown>>) => Contents;
  readonly check?: (results: Readonly<Record<string, unknown>>, start: S, pool: AgentPool) => void;
  /** Agents that must not block: they give up after a round. */
  readonly nonBlocking?: readonly string[];
  /** Looks at the end in the place of `contents`. */
  readonly checkAll?: (start: S, pool: AgentPool) => void;
  /** Plants a bug in an agent's side of the pool. */
  readonly break?: (pool: AgentPool) => void;
  /** Words whose plain accesses race by design. */
  readonly racy?: readonly RacyKind[];
  readonly options?: Partial<ExploreOptions>;
}

/** The smallest pool that is legal. */
export function smallPlan(strategy: Strategy, agentsMax: number, cacheBytes = 0): PoolPlan {
  const strategyWords = strategy.words;
  for (let pages = 24; ; pages++) {
    try {
      return planPool({ pageBytes: PAGE_BYTES, chainPages: 4, pages, agentsMax, strategyWords, cacheBytes });
    } catch (error) {
      if (pages > 200) throw error;
    }
  }
}

/** Racy words that come with a strategy. Its own it may read plainly, as hints. */
function kindsOf({ capabilities }: Strategy): RacyKind[] {
  return defersReclaim(capabilities) ? ['strategy', 'cells', 'owners', 'estimates', 'spare'] : ['strategy'];
}

/** One agent's side of a pool, for an agent record that is taken. */
function sideOf(memory: Memory, plan: PoolPlan, strategy: Strategy, index: number, mayBlock = true): AgentPool {
  const agent = { words: memory.words, index, spin: mayBlock ? PATIENT : HASTY, mayBlock };
  return new AgentPool(new PoolState(memory, plan, agent, strategy, KEY));
}

function modelViews(memory: ModelMemory): Memory {
  const { buffer, int32: words, uint8: bytes } = memory;
  return { buffer, words, bytes, view: (offset, length) => memory.view('uint8', offset, length) };
}

/** Explores a program. */
export function explorePool<S>(program: PoolProgram<S>, more: Partial<ExploreOptions> = {}): ExploreResult {
  const { strategy, agents } = program;
  const racy: readonly RacyKind[] = [...(program.racy ?? []), ...kindsOf(strategy)];
  const names = Object.keys(agents);
  const plan = smallPlan(strategy, names.length + 2, program.cacheBytes);
  const checker = names.length + 1;
  const memory = new ModelMemory(plan.pages * plan.pageBytes);
  const copy = openMemory(new SharedArrayBuffer(memory.byteLength));
  const original = new Int32Array(memory.buffer);
  let start!: S;

  let racyNow: ReadonlySet<number> = new Set();
  const setup = (): void => {
    const direct = openMemory(memory.buffer);
    formatMemory(direct, plan, strategy, 0, KEY);
    for (let agent = 1; agent <= checker; agent++) {
      takeAgent(direct.words, plan);
      sideOf(direct, plan, strategy, agent).bound.detach();
    }
    const pool = sideOf(direct, plan, strategy, 1);
    start = asTurn(() => program.setup(pool));
    reclaimAll(pool);
    pool.bound.detach();
    racyNow = racyWords(racy, plan, direct.words);
  };

  const options: ExploreOptions = {
    memory,
    setup,
    threads: Object.fromEntries(
      names.map((name) => [
        name,
        (context: ThreadContext) =>
          asTurn(() => {
            const views = modelViews(context.memory);
            const attach = (): AgentPool => sideOf(views, plan, strategy, takeAgent(views.words, plan));
            const mayBlock = program.nonBlocking?.includes(name) !== true;
            const pool = sideOf(views, plan, strategy, context.id + 1, mayBlock);
            program.break?.(pool);
            return agents[name](pool, start, attach, context);
          }),
      ]),
    ),
    check: ({ results }) => {
      copy.words.set(original);
      const named = Object.fromEntries(names.map((name, id) => [name, results[id]]));
      const pool = sideOf(copy, plan, strategy, checker);
      asTurn(() => {
        pool.verify();
        program.check?.(named, start, pool);
        if (program.checkAll === undefined) checkContents(pool, program.contents(start, named));
        else program.checkAll(start, pool);
      });
    },
    describe: (byteOffset) => nameWord(plan, byteOffset),
    racy: (byteOffset) => racyNow.has(byteOffset >>> 2),
    maxSteps: 4000,
    ...program.options,
    ...more,
  };
  return withTurns(() => explore(options));
}

/** Reclaims what nobody reads any more. */
function reclaimAll(pool: AgentPool): void {
  for (let round = 0; round < RECLAIM_ROUNDS; round++) pool.bound.reclaim(false);
}

/** Compares what lives, then frees it and looks whether the pool is empty. */
function checkContents(pool: AgentPool, contents: Contents): void {
  reclaimAll(pool);
  const { objects } = pool.stats();
  if (objects !== contents.size) throw new Violation(`${objects} objects live at the end, not ${contents.size}`);
  for (const [handle, byte] of contents) {
    pool.read(handle, (bytes) => {
      if (byte >= 0 && bytes.some((found) => found !== byte)) {
        throw new Violation(`an object is damaged: its bytes are not all ${byte}`);
      }
    });
    pool.free(handle);
  }
  pool.compact();
  reclaimAll(pool);
  pool.verify();
  const { pagesUsed, zspages } = pool.stats();
  if (pagesUsed !== 0 || zspages !== 0) {
    throw new Violation(`memory is lost: ${pagesUsed} pages in ${zspages} zspages are left of an empty pool`);
  }
}
