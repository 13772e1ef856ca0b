// Programs of some agents on one small pool, run by the explorer under every schedule.
//
// RULES
//   1. An agent's thread binds the strategy, does its part, and ends its turn. Each agent number has been bound and
//      detached before, in the setup: what comes once in a pool's life is not explored again and again.
//   2. After every execution one more agent looks at a copy of the memory. Every lock must be free, every zspage must let
//      a mover in, and everything that was retired must be reclaimed: whatever the program was about.
//   3. Words that belong to the strategy may be read plainly, as hints. What the locks protect may not.

import { ModelMemory, explore } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, FinalState, ThreadBody, ThreadContext } from '@zsmalloc/explorer';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { SpinBudget } from '@zsmalloc/core/words';
import { CELLS, LOCKS, SLOTS_PER_ZSPAGE, SLOT_WORDS, ZSPAGES, nameLock, nameWord, planSmall } from '../host/plan.ts';
import type { SmallPlan } from '../host/plan.ts';
import { HASTY, PATIENT, SmallAgent } from '../host/small-agent.ts';
import { RETIRED, SLOT, Violation, formatSmall } from '../host/small-host.ts';
import { asTurn, withTurns } from './turns.ts';

/** What an agent does. */
export type SmallRole = (agent: SmallAgent, context: ThreadContext) => unknown;

/** What has become of a program. */
export interface SmallEnd {
  readonly results: Readonly<Record<string, unknown>>;
  /** Values of objects, by cell. */
  readonly contents: ReadonlyMap<number, number>;
  readonly words: Int32Array;
  readonly plan: SmallPlan;
  /** Of the exploration, where it has one. */
  readonly ghost: unknown;
}

export interface SmallProgram {
  /** Makes what the agents find. */
  readonly setup?: (agent: SmallAgent) => void;
  readonly agents: Readonly<Record<string, SmallRole>>;
  readonly check?: (end: SmallEnd) => void;
  /** Agents that must not block. */
  readonly nonBlocking?: readonly string[];
  /** Rounds before those give up; the others wait as long as it takes. */
  readonly spin?: SpinBudget;
  /** Agents are stopped in the middle, so rule 2 does not apply. */
  readonly leavesOff?: boolean;
}

/** Rounds of reclaiming that a strategy may need until nothing is left, with nobody inside. */
const RECLAIM_ROUNDS = 8;
const ROUNDS_MIN = 2;

/** What the explorer needs for a program, and how a thread gets its agent. */
export interface SmallThreads {
  readonly options: ExploreOptions & { readonly threads: Readonly<Record<string, ThreadBody>> };
  agentOf(context: ThreadContext, spin: SpinBudget): SmallAgent;
}

/** Stands a program on a memory of its own. */
export function smallThreads(strategy: Strategy, program: SmallProgram): SmallThreads {
  const names = Object.keys(program.agents);
  const checker = names.length + 1;
  const plan = planSmall(strategy.words, checker);
  const memory = new ModelMemory(plan.end * 4);
  const original = new Int32Array(memory.buffer);
  const copy = new Int32Array(new SharedArrayBuffer(plan.end * 4));
  const { spin = PATIENT, nonBlocking = [] } = program;

  const setup = (): void => {
    formatSmall(plan, original);
    for (let index = 1; index <= checker; index++) {
      asTurn(() => directAgent(strategy, plan, original, index)).bound.detach();
    }
    const agent = directAgent(strategy, plan, original, 1);
    asTurn(() => program.setup?.(agent));
    agent.bound.detach();
  };
  const agentOf: SmallThreads['agentOf'] = ({ memory: { int32 }, id }, budget) =>
    new SmallAgent(strategy, plan, int32, id + 1, budget);
  const bodyOf =
    (name: string) =>
    (context: ThreadContext): unknown =>
      asTurn(() => {
        const mayBlock = !nonBlocking.includes(name);
        const agent = agentOf(context, mayBlock ? PATIENT : spin);
        agent.agent.mayBlock = mayBlock;
        return program.agents[name](agent, context);
      });
  const check = ({ results, ghost }: FinalState): void => {
    if (program.leavesOff === true) return;
    copy.set(original);
    const agent = directAgent(strategy, plan, copy, checker);
    asTurn(() => checkQuiet(agent));
    const contents = asTurn(() => agent.contents());
    const named = Object.fromEntries(names.map((name, id) => [name, results[id]]));
    program.check?.({ results: named, contents, words: copy, plan, ghost });
  };
  return {
    agentOf,
    options: {
      memory,
      setup,
      threads: Object.fromEntries(names.map((name) => [name, bodyOf(name)])),
      check,
      racy: (byteOffset) => racyAt(plan, byteOffset >>> 2),
      describe: (byteOffset) => nameWord(plan, byteOffset >>> 2),
      maxSteps: 4000,
    },
  };
}

/** Explores a program. */
export function exploreSmall(
  strategy: Strategy,
  program: SmallProgram,
  options: Partial<ExploreOptions> = {},
): ExploreResult {
  return withTurns(() => explore({ ...smallThreads(strategy, program).options, ...options }));
}

/** An agent outside of threads: nobody would wake it, so it gives up instead of waiting. */
function directAgent(strategy: Strategy, plan: SmallPlan, words: Int32Array, index: number): SmallAgent {
  const agent = new SmallAgent(strategy, plan, words, index, HASTY);
  agent.agent.mayBlock = false;
  return agent;
}

/** A strategy may read its own words plainly, as hints; and spare words of slots, and handle cells, which are written so. */
function racyAt({ poolBase, strategyEnd, cellBase, slotBase, stateBase }: SmallPlan, word: number): boolean | 'reads' {
  if (word >= poolBase && word < strategyEnd) return 'reads';
  if (word >= cellBase && word <= cellBase + CELLS) return true;
  return word >= slotBase && word < stateBase && (word - slotBase) % SLOT_WORDS === SLOT.spare;
}

/** Rows that are broken when something stays locked, and when something stays retired. */
const LEFT_SHUT = [4];
const LEAKS = [14, 17];

/** Rule 2. */
export function checkQuiet(agent: SmallAgent): void {
  const { bound, words, plan } = agent;
  for (let lock = 0; lock < LOCKS; lock++) {
    if (!bound.tryLock(lock))
      throw new Violation(`${nameLock(lock)} is still locked although every agent has ended`, LEFT_SHUT);
    bound.unlock(lock);
  }
  const isLeft = (): boolean => {
    const states = words.subarray(plan.stateBase, plan.stateBase + (ZSPAGES + 1) * SLOTS_PER_ZSPAGE);
    return states.includes(RETIRED);
  };
  // Also when nothing seems to be left: what was reclaimed already would be reclaimed again here.
  for (let round = 0; round < ROUNDS_MIN || (round < RECLAIM_ROUNDS && isLeft()); round++) bound.reclaim(false);
  if (isLeft()) {
    throw new Violation(
      `a retired slot is not reclaimed by ${RECLAIM_ROUNDS} calls of reclaim, although nobody reads`,
      LEAKS,
    );
  }
  for (let zspage = 1; zspage <= ZSPAGES; zspage++) {
    beginMove(agent);
    bound.lock(zspage === 3 ? 1 : 0);
    if (!bound.relocateBegin(zspage)) {
      throw new Violation(`zspage ${zspage} is still shut to movers although every agent has ended`, LEFT_SHUT);
    }
    bound.relocateEnd(zspage);
    bound.unlock(zspage === 3 ? 1 : 0);
    bound.moveEnd();
  }
}

function beginMove({ bound }: SmallAgent): void {
  try {
    bound.moveBegin();
  } catch (error) {
    throw new Violation(
      `movers are still shut out although every agent has ended: ${(error as Error).message}`,
      LEFT_SHUT,
    );
  }
}
