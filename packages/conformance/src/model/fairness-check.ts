// First come, first served: who waits already gets a lock before who comes later. That an agent waits is known from
// `isContended`, which must say so.

import type { ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import type { Check } from '../check.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallRole } from './small-program.ts';

type Order = { readonly order: string[] };

/** In the scratch word: the lock has its holder; the first has been inside. */
const HELD = 1;
const OVER = 2;

function awaitHeld({ words, plan }: SmallAgent): void {
  while (Atomics.load(words, plan.scratchBase) === 0);
}

function isOver({ words, plan }: SmallAgent): boolean {
  return Atomics.load(words, plan.scratchBase) === OVER;
}

function awaitContended(agent: SmallAgent): void {
  const { bound } = agent;
  while (!bound.isContended(0) && !isOver(agent));
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
  Atomics.store(agent.words, agent.plan.scratchBase, OVER);
};

const second: SmallRole = (agent, context) => {
  awaitHeld(agent);
  awaitContended(agent);
  agent.section(0, noteOrder('second', context));
};

/** See the head of the file. */
export const fairnessChecks: readonly Check[] = [
  explorerCheck({
    id: 'first-come-first-served',
    title: 'an agent waits for a class lock before another one comes',
    rows: [6],
    weight: 4,
    fits: ({ fairness }) => fairness === 'fifo',
    race: 'two agents were inside class lock 0 at once',
    words: "fairness is 'fifo', but isContended does not say that somebody waits",
    explore: (strategy, options): ExploreResult =>
      exploreSmall(
        strategy,
        {
          agents: { holds, first, second },
          check: ({ ghost }) => {
            const { order } = ghost as Order;
            if (order[0] === 'second') {
              throw new Violation("fairness is 'fifo', but an agent that came later got the class lock first");
            }
          },
        },
        { ...options, ghost: () => ({ order: [] }) },
      ),
  }),
];
