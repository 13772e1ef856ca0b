// Roles on a small pool: sections under structure locks, lookups, and moves.
//
// Object 1 is never changed: everybody reads it, movers move it. Object 2 belongs to one writer.

import { HANDLES_LOCK, PAGES_LOCK } from '../host/plan.ts';
import { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { sleep } from './control.ts';
import { attachSmall } from './small-memory.ts';
import type { SmallMemory } from './small-memory.ts';
import type { RoleContext, TortureRole } from './worker.ts';

export const SHARED_CELL = 1;
export const WRITER_CELL = 2;
export const SHARED_VALUE = 4711;

/** Steps between two attachments of an agent, and between two turns of its event loop. */
const STAY_STEPS = 400;
const TURN_STEPS = 64;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What one agent does per step. */
type Step = (agent: SmallAgent, context: RoleContext) => void;

/** Being descheduled inside a section is what makes others beside it visible; once in a while for long. */
function linger({ draw }: RoleContext): void {
  const luck = draw(4000);
  if (luck < 2) sleep(3);
  else if (luck < 60) sleep(0.05);
}

/** Repeats a step until the crew stops; leaves and comes back now and then. */
function repeats(step: Step): TortureRole {
  return async (context) => {
    const { strategy, control, data, index, draw, counts } = context;
    const memory = data['memory'] as SmallMemory;
    let agent = attachSmall(strategy, memory, index);
    counts['sections'] = 0;
    control.awaitStart();
    for (let steps = 1; !control.stopped; steps++) {
      control.stutter();
      step(agent, context);
      control.done(steps);
      counts['sections']++;
      if (steps % TURN_STEPS === 0) await turn();
      if (data['churns'] === true && draw(STAY_STEPS) === 0) {
        control.doing(12);
        await turn();
        agent.bound.detach();
        agent = attachSmall(strategy, memory, index);
      }
    }
    control.doing(12);
    await turn();
    agent.bound.detach();
    control.doing(0);
  };
}

const locks: Step = (agent, context) => {
  const { draw, control } = context;
  const kind = draw(8);
  const inside = (): void => linger(context);
  if (kind < 4) {
    control.doing(1);
    agent.section(0, inside);
  } else if (kind === 4) {
    control.doing(2);
    agent.trySection(draw(2), inside);
  } else if (kind === 5) {
    control.doing(4);
    agent.sectionOf(SHARED_CELL, inside);
  } else {
    control.doing(3);
    agent.section(1, () => agent.section(HANDLES_LOCK, () => agent.section(PAGES_LOCK, inside)));
  }
};

/** Always lets the others run inside: who is let in beside it comes then. */
const lingers: Step = (agent, { control }) => {
  control.doing(1);
  agent.section(0, () => sleep(0.05));
};

/** Nothing but one lock, as short as can be. */
const oneLock: Step = (agent, { control }) => {
  control.doing(1);
  agent.section(0);
};

const reads: Step = (agent, context) => {
  const { draw, control } = context;
  const holds = draw(3) === 0;
  control.doing(holds ? 6 : 5);
  const inside = (): void => linger(context);
  const value = holds ? agent.hold(SHARED_CELL, inside) : agent.read(SHARED_CELL, inside);
  if (value !== SHARED_VALUE) throw new Violation(`a reader sees ${value} in an object that is always ${SHARED_VALUE}`);
};

const moves: Step = (agent, { draw, control, counts }) => {
  control.doing(8);
  if (agent.move(1 + draw(2))) counts['moves'] = (counts['moves'] ?? 0) + 1;
  control.doing(11);
  if (draw(4) === 0) agent.bound.reclaim(false);
};

const writes: Step = (agent, { draw, control }) => {
  const value = 1 + draw(1_000_000);
  control.doing(7);
  agent.write(WRITER_CELL, value);
  control.doing(5);
  const found = agent.read(WRITER_CELL);
  if (found !== value) {
    throw new Violation(`a write was lost: ${value} was written, ${found} is read: the object was moved meanwhile`);
  }
};

export const sectionRoles: Readonly<Record<string, TortureRole>> = {
  locks: repeats(locks),
  lingers: repeats(lingers),
  oneLock: repeats(oneLock),
  reads: repeats(reads),
  moves: repeats(moves),
  writes: repeats(writes),
};
