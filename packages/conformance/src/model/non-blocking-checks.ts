// Agents that must not block, among others that do.

import { exploreAsync } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import { hasCode } from '@zsmalloc/core/words';
import type { Check } from '../check.ts';
import { HASTY } from '../host/small-agent.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall, smallThreads } from './small-program.ts';
import type { SmallProgram } from './small-program.ts';
import { asTurn, withTurnsAsync } from './turns.ts';

const A = 11;
const oneObject = (agent: SmallAgent): void => void agent.malloc(1, 0, A);

const fits = ({ worksWithoutBlocking }: Capabilities): boolean => worksWithoutBlocking;

/** True when the call was refused. */
function isRefused(call: () => void): boolean {
  try {
    call();
    return false;
  } catch (error) {
    if (hasCode(error, 'ERR_ZS_WOULD_BLOCK')) return true;
    throw error;
  }
}

const givesUp: SmallProgram = {
  agents: {
    holds: (agent) => agent.section(0),
    givesUp: (agent) => isRefused(() => agent.section(0)),
    waits: (agent) => agent.section(0),
  },
  nonBlocking: ['givesUp'],
  spin: HASTY,
};

const readerGivesUp: SmallProgram = {
  setup: oneObject,
  agents: {
    moves: (agent) => agent.move(1),
    givesUp: (agent) => isRefused(() => void agent.read(1)),
    waits: (agent) => agent.read(1),
  },
  nonBlocking: ['givesUp'],
  spin: HASTY,
};

/** What an agent does in one turn, again and again until it is not refused. */
type Turn = (agent: SmallAgent) => unknown;

interface AsyncProgram {
  readonly id: string;
  readonly title: string;
  readonly blocking: Readonly<Record<string, Turn>>;
  readonly turn: Turn;
  readonly race: string;
}

const reads: Turn = (agent) => {
  const value = agent.read(1);
  if (value !== A) throw new Violation(`a reader sees ${value}, not ${A}`);
};

const programs: readonly AsyncProgram[] = [
  {
    id: 'async-lock',
    title: 'an agent that cannot block locks a class in later turns, beside one that locks it',
    blocking: { locks: (agent) => agent.section(0) },
    turn: (agent) => agent.section(0),
    race: 'two agents were inside class lock 0 at once',
  },
  {
    id: 'async-lock-two',
    title: 'the same beside two that lock it',
    blocking: { one: (agent) => agent.section(0), two: (agent) => agent.section(0) },
    turn: (agent) => agent.section(0),
    race: 'two agents were inside class lock 0 at once',
  },
  {
    id: 'async-read',
    title: 'an agent that cannot block reads in later turns, beside a mover',
    blocking: { moves: (agent) => agent.move(1) },
    turn: reads,
    race: 'the old place of a moved object was used again while a read was still open',
  },
  {
    id: 'async-free',
    title: 'an agent that cannot block frees in later turns, beside a mover',
    blocking: { moves: (agent) => agent.move(1) },
    turn: (agent) => agent.free(1),
    race: 'an object was moved and freed at once',
  },
];

/** Explores a program with one agent that comes back in later turns. */
function exploreTurns(
  strategy: Strategy,
  { blocking, turn }: AsyncProgram,
  options: Partial<ExploreOptions>,
): Promise<ExploreResult> {
  const parts = smallThreads(strategy, { setup: oneObject, agents: { ...blocking, async: turn } });
  const asyncThread = async (context: ThreadContext): Promise<void> => {
    const agent = parts.agentOf(context, HASTY);
    agent.agent.mayBlock = false;
    while (isRefused(() => asTurn(() => turn(agent)))) await agent.bound.retryLater();
  };
  return withTurnsAsync(() =>
    exploreAsync({ ...parts.options, threads: { ...parts.options.threads, async: asyncThread }, ...options }),
  );
}

/** See the head of the file. */
export const nonBlockingChecks: readonly Check[] = [
  ...(
    [
      ['gives-up-lock', 'an agent gives up a class lock that another one has and a third waits for', givesUp],
      ['gives-up-read', 'an agent gives up a read beside a move that a third waits for', readerGivesUp],
    ] as const
  ).map(([id, title, program]) =>
    explorerCheck({
      id,
      title,
      rows: [4, 11],
      fits,
      race: 'an agent that gave up was inside with another one',
      explore: (strategy, options) => exploreSmall(strategy, program, options),
    }),
  ),
  ...programs.map((program) =>
    explorerCheck({
      id: program.id,
      title: program.title,
      rows: [11],
      fits,
      race: program.race,
      explore: (strategy, options) => exploreTurns(strategy, program, options),
    }),
  ),
];
