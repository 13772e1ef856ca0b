// Two readers that wait for each other inside their reads: they only meet if readers are let in together.

import { CONTROL, sleep } from './control.ts';
import { SHARED_CELL } from './section-roles.ts';
import { attachSmall } from './small-memory.ts';
import type { SmallMemory } from './small-memory.ts';
import type { TortureRole } from './worker.ts';

/** Rounds in which they try to meet, and how often one looks for the other in each. */
const ROUNDS = 40;
const LOOKS = 50;

const meets: TortureRole = ({ strategy, control, data, index, counts }) => {
  const agent = attachSmall(strategy, data['memory'] as SmallMemory, index);
  const { words } = control;
  counts['meetings'] = 0;
  control.awaitStart();
  for (let round = 0; round < ROUNDS && Atomics.load(words, CONTROL.stage) === 0; round++) {
    control.doing(5);
    agent.read(SHARED_CELL, () => {
      Atomics.add(words, CONTROL.inside, 1);
      for (let look = 0; look < LOOKS; look++) {
        if (Atomics.load(words, CONTROL.inside) === 2) {
          Atomics.store(words, CONTROL.stage, 1);
          counts['meetings']++;
          break;
        }
        sleep(0.2);
      }
      // Who has met stays until the other one has seen it.
      if (Atomics.load(words, CONTROL.stage) === 0) Atomics.sub(words, CONTROL.inside, 1);
    });
    control.done(round);
  }
  control.doing(0);
  agent.bound.detach();
};

export const barrierRoles: Readonly<Record<string, TortureRole>> = { meets };
