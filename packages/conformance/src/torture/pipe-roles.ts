// rcutorture's pipe: an updater replaces the current object again and again, and readers look how old the object that they
// read has become meanwhile.
//
// AGE   0 it is current or at least not freed   1 freed since   2 and more: reclaimed under the reader, which must not be

import { FREE, LIVE, SLOT, Violation, slotWord, stateWord } from '../host/small-host.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { CELLS } from '../host/plan.ts';
import { CONTROL, sleep } from './control.ts';
import { attachSmall } from './small-memory.ts';
import type { SmallMemory } from './small-memory.ts';
import type { RoleContext, TortureRole } from './worker.ts';

/** Cells of the pipe; the others hold what it is set up with. */
const CELL_MIN = 3;
const TURN_STEPS = 64;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Reads the current object; how old it was at the end, or -1 when there was none. */
function readAge(agent: SmallAgent, cell: number, { draw }: RoleContext): number {
  const { bound, host, words, plan } = agent;
  const location = bound.readBegin(agent.cell(cell));
  if (location === 0) return -1;
  const zspage = host.zspageOf(location);
  const age = slotWord(plan, location) + SLOT.age;
  const before = Atomics.load(words, age);
  const luck = draw(400);
  if (luck === 0) sleep(1);
  else for (let i = draw(60); i > 0; i--) Atomics.load(words, age);
  const reclaims = Atomics.load(words, age) - before;
  const state = Atomics.load(words, stateWord(plan, location));
  bound.readEnd(zspage);
  if (reclaims > 0 || state === FREE) return Math.max(2, 1 + reclaims);
  return state === LIVE ? 0 : 1;
}

const pipeReader: TortureRole = async (context) => {
  const { strategy, control, data, index, counts } = context;
  const agent = attachSmall(strategy, data['memory'] as SmallMemory, index);
  for (const age of ['age 0', 'age 1', 'age 2+', 'none']) counts[age] = 0;
  control.awaitStart();
  for (let steps = 0; !control.stopped; steps++) {
    control.stutter();
    control.doing(5);
    const age = readAge(agent, Atomics.load(control.words, CONTROL.current), context);
    counts[age < 0 ? 'none' : age >= 2 ? 'age 2+' : `age ${age}`]++;
    control.done(steps);
    if (age >= 2) throw new Violation('an object was reclaimed while a read begun before its free was still open');
    // Sections may last until the end of the turn.
    if (steps % TURN_STEPS === 0) await turn();
  }
  agent.bound.detach();
  control.doing(0);
};

/** Ways to have garbage reclaimed, by turns: not at all, gently, pressing, and by leaving. */
const WAYS = 4;

const pipeUpdater: TortureRole = async (context) => {
  const { strategy, control, data, index, counts } = context;
  const memory = data['memory'] as SmallMemory;
  let agent = attachSmall(strategy, memory, index);
  counts['updates'] = 0;
  counts['stalls'] = 0;
  control.awaitStart();
  let next = CELL_MIN;
  for (let steps = 0; !control.stopped; steps++) {
    control.stutter();
    control.done(steps);
    control.doing(9);
    // A cell whose last object still waits to be reclaimed cannot be used again.
    if (!isCellFree(agent, next) || !agent.malloc(next, 0, 100 + next)) {
      counts['stalls']++;
      control.doing(11);
      if (counts['stalls'] % WAYS === 3) {
        agent.bound.detach();
        agent = attachSmall(strategy, memory, index);
      } else agent.bound.reclaim(counts['stalls'] % WAYS === 2);
      if (counts['stalls'] % 16 === 0) await turn();
      continue;
    }
    const old = Atomics.exchange(control.words, CONTROL.current, next);
    control.doing(10);
    if (old >= CELL_MIN) agent.free(old);
    counts['updates']++;
    next = next === CELLS ? CELL_MIN : next + 1;
  }
  agent.bound.detach();
  control.doing(0);
};

function isCellFree(agent: SmallAgent, cell: number): boolean {
  const value = Atomics.load(agent.words, agent.cell(cell));
  return value === 0 || value >= 2 ** 30;
}

export const pipeRoles: Readonly<Record<string, TortureRole>> = { pipeReader, pipeUpdater };
