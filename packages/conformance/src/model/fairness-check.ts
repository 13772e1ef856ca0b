// First come, first served: who waits already gets a lock before who comes later. That an agent waits is known from
// `isContended`, which must say so.

import type { ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import type { SpinBudget } from '@zsmalloc/core/words';
import type { Check } from '../check.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { explorerCheck } from './explorer-check.ts';
import type { ExplorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallEnd, SmallProgram, SmallRole } from './small-program.ts';

type Order = { readonly order: string[] };

/** In the scratch word: the lock has its holder; the first has been served. */
const HELD = 1;
const SERVED = 2;
/** A lock may spin before it queues: `isContended` speaks of those that queue. */
const patience: SpinBudget = { yieldAfter: 1, refuseAfter: Infinity };

function awaitHeld({ words, plan }: SmallAgent): void {
  while (Atomics.load(words, plan.scratchBase) === 0);
}

function awaitContended({ bound }: SmallAgent): void {
  while (!bound.isContended(0));
}

const noteOrder =
  (who: string, { ghost }: ThreadContext): (() => void) =>
  () =>
    ghost((state) => void (state as Order).order.push(who));

const holds: SmallRole = (agent) =>
  agent.section(0, () => {
    Atomics.store(agent.words, agent.plan.scratchBase, HELD);
    awaitContended(agent);
  });

const first: SmallRole = (agent, context) => {
  awaitHeld(agent);
  agent.section(0, noteOrder('first', context));
  Atomics.store(agent.words, agent.plan.scratchBase, SERVED);
};

const second: SmallRole = (agent, context) => {
  awaitHeld(agent);
  while (!agent.bound.isContended(0) && Atomics.load(agent.words, agent.plan.scratchBase) !== SERVED);
  agent.section(0, noteOrder('second', context));
};

function fairnessCheck(
  parts: Pick<ExplorerCheck, 'id' | 'title' | 'fits' | 'race' | 'words'>,
  program: SmallProgram,
  [late, message]: readonly [string, string],
): Check {
  const check = ({ ghost }: SmallEnd): void => {
    if ((ghost as Order).order[0] === late) throw new Violation(message);
  };
  return explorerCheck({
    ...parts,
    rows: [6],
    explore: (strategy, options): ExploreResult =>
      exploreSmall(strategy, { ...program, patience, check }, { ...options, ghost: () => ({ order: [] }) }),
  });
}

/** See the head of the file. */
export const fairnessChecks: readonly Check[] = [
  fairnessCheck(
    {
      id: 'first-come-first-served',
      title: 'an agent waits for a class lock before another one comes',
      fits: ({ fairness }) => fairness === 'fifo',
      race: 'two agents were inside class lock 0 at once',
      words: "fairness is 'fifo', but isContended does not say that somebody waits",
    },
    { agents: { holds, first, second } },
    ['second', "fairness is 'fifo', but an agent that came later got the class lock first"],
  ),
];
