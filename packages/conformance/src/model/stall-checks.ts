// Calls that depend on nobody: they must come to their end although another agent has stopped in the middle of a call,
// before any one of its operations.

import type { ExploreResult } from '@zsmalloc/explorer';
import type { Check } from '../check.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallProgram, SmallRole } from './small-program.ts';

const oneObject = (agent: SmallAgent): void => void agent.malloc(1, 0, 7);

/** Agents that stop, by what they are doing. */
const STALLED: readonly [string, string, SmallRole][] = [
  ['lock', 'locks a class', (agent) => agent.section(0)],
  ['read', 'reads', (agent) => agent.read(1)],
  ['hold', 'holds', (agent) => agent.hold(1)],
  ['move', 'moves an object', (agent) => agent.move(1)],
];

const tries: SmallRole = ({ bound }) => {
  if (bound.tryLock(0)) {
    if (bound.relocateBegin(1)) bound.relocateEnd(1);
    bound.unlock(0);
  }
};

/** See the head of the file. */
export const stallChecks: readonly Check[] = STALLED.map(([id, doing, stalled]) => {
  const program: SmallProgram = { setup: oneObject, agents: { stopped: stalled, tries }, leavesOff: true };
  return explorerCheck({
    id: `try-beside-stopped-${id}`,
    title: `tryLock and relocateBegin beside an agent that stops while it ${doing}`,
    rows: [3],
    race: 'an agent that only tries was inside with another one',
    words: 'a try call waits for an agent that has stopped',
    explore: (strategy, options): ExploreResult => {
      const crash = options.schedule === undefined ? { crash: { thread: 'stopped' } } : {};
      return exploreSmall(strategy, program, { ...options, ...crash });
    },
  });
});
