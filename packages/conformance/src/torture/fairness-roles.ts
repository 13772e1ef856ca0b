// Movers among readers that never pause: how many lookups pass a mover that waits.

import { CREW_MAX, DONE_BASE } from './control.ts';
import { SHARED_CELL } from './section-roles.ts';
import { attachSmall } from './small-memory.ts';
import type { SmallMemory } from './small-memory.ts';
import type { TortureRole } from './worker.ts';

const TURN_STEPS = 4096;

const looksUp: TortureRole = async ({ strategy, control, data, index, counts }) => {
  const agent = attachSmall(strategy, data['memory'] as SmallMemory, index);
  counts['lookups'] = 0;
  control.awaitStart();
  for (let steps = 1; !control.stopped; steps++) {
    control.doing(5);
    agent.read(SHARED_CELL);
    control.done(steps);
    counts['lookups'] = steps;
    if (steps % TURN_STEPS === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
  control.doing(0);
  agent.bound.detach();
};

/** Reports the median of what has passed it. */
const shutsOut: TortureRole = ({ strategy, control, data, index, counts }) => {
  const { bound } = attachSmall(strategy, data['memory'] as SmallMemory, index);
  const { words } = control;
  const lookups = (): number => {
    let sum = 0;
    for (let agent = 1; agent <= CREW_MAX; agent++) if (agent !== index) sum += words[DONE_BASE + agent];
    return sum;
  };
  const passed: number[] = [];
  control.awaitStart();
  while (!control.stopped) {
    control.doing(8);
    const before = lookups();
    bound.moveBegin();
    passed.push(lookups() - before);
    bound.moveEnd();
    control.doing(0);
  }
  passed.sort((a, b) => a - b);
  counts['moves'] = passed.length;
  // All of them, when it never got in.
  counts['passed'] = passed[passed.length >> 1] ?? lookups();
  counts['passedMost'] = passed.at(-1) ?? lookups();
  bound.detach();
};

export const fairnessRoles: Readonly<Record<string, TortureRole>> = { looksUp, shutsOut };
