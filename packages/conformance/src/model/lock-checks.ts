// Programs about structure locks.

import { CLASSES, HANDLES_LOCK, PAGES_LOCK } from '../host/plan.ts';
import type { SmallEnd } from './small-program.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallProgram } from './small-program.ts';
import type { Check } from '../check.ts';

const alone = 'two agents were inside class lock 0 at once';

/** Every section has left its mark on the counter. */
function sectionsOf(lock: number, expected: number): (end: SmallEnd) => void {
  return ({ words, plan }) => {
    const counted = words[plan.counterBase + 2 * lock];
    if (counted !== expected) throw new Violation(`${expected} sections have left ${counted} marks: one was lost`);
  };
}

const lockOnce = (agent: SmallAgent): void => agent.section(0);
const lockTwice = (agent: SmallAgent): void => {
  agent.section(0);
  agent.section(0);
};
const nested = (agent: SmallAgent): void =>
  agent.section(1, () => agent.section(HANDLES_LOCK, () => agent.section(PAGES_LOCK)));
const oneObject = (agent: SmallAgent): void => void agent.malloc(1, 0, 7);

const programs: readonly [string, string, number[], SmallProgram, Partial<{ weight: number; race: string }>?][] = [
  [
    'class-lock-two',
    'two agents lock one class twice',
    [1, 4],
    { agents: { one: lockTwice, two: lockTwice }, check: sectionsOf(0, 4) },
  ],
  [
    'class-lock-three',
    'three agents lock one class',
    [1, 4],
    { agents: { one: lockOnce, two: lockOnce, three: lockOnce }, check: sectionsOf(0, 3) },
    { weight: 3 },
  ],
  [
    'class-lock-try',
    'an agent locks a class, another one tries',
    [1, 3, 4],
    { agents: { locks: lockTwice, tries: (agent) => agent.trySection(0) } },
  ],
  [
    'class-lock-of-cell',
    'an agent locks a class, another one the class of an object in it',
    [1, 4],
    {
      setup: oneObject,
      agents: { locks: lockOnce, finds: (agent) => agent.sectionOf(1) },
      check: ({ results }) => {
        if (results['finds'] !== 0)
          throw new Violation(`lockClassOf returned ${String(results['finds'])}, not class 0`);
      },
    },
  ],
  [
    'nested-locks',
    'two agents nest class, handles and pages lock',
    [1, 4, 19],
    { agents: { one: nested, two: nested }, check: sectionsOf(PAGES_LOCK, 2) },
    { race: 'two agents were inside the same structure locks at once' },
  ],
  [
    'all-locks-in-turn',
    'an agent holds all structure locks, as for statistics, another one locks a class',
    [1, 4, 19],
    {
      agents: {
        all: (agent) => {
          for (let lock = 0; lock < CLASSES + 2; lock++) agent.bound.lock(lock);
          for (let lock = CLASSES + 1; lock >= 0; lock--) agent.bound.unlock(lock);
        },
        one: (agent) => agent.section(1),
      },
    },
  ],
];

/** See the head of the file. */
export const lockChecks: readonly Check[] = programs.map(([id, title, rows, program, more]) =>
  explorerCheck({
    id,
    title,
    rows,
    weight: more?.weight ?? 1,
    race: more?.race ?? alone,
    explore: (strategy, options) => exploreSmall(strategy, program, options),
  }),
);
