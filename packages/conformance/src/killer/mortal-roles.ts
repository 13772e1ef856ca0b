// Roles of agents that are killed at any instruction. Objects change hands by one atomic exchange, so that an agent that
// dies takes along two objects at most: the one that it has made, and the one that it has taken.

import { PoolAgent, turn } from '../torture/pool-agent.ts';
import { TABLE_BASE, TABLE_SLOTS, sleep } from '../torture/control.ts';
import type { RoleContext, TortureRole } from '../torture/worker.ts';

/** What one agent can take along. */
export const IN_HAND_MAX = 2;

const TURN_STEPS = 32;

/** Makes an object, changes it for another one, and frees that. */
function exchange(agent: PoolAgent, { control, draw }: RoleContext): void {
  agent.make();
  const handle = agent.own.pop();
  if (handle === undefined) return;
  const old = Atomics.exchange(control.words, TABLE_BASE + draw(TABLE_SLOTS), handle);
  if (old === 0) return;
  agent.own.push(old);
  agent.drop();
}

const mortal: TortureRole = async (context) => {
  const { control, draw, data, strategy } = context;
  control.awaitStart();
  const agent = new PoolAgent(context);
  const kept = data['kept'] as number;
  for (let steps = 1; !control.stopped; steps++) {
    const what = draw(32);
    if (what < 20) exchange(agent, context);
    else if (what < 26) agent.check(kept);
    else if (what < 28) agent.compact();
    else if (what < 30) agent.migrate();
    else if (what === 30) agent.pool.read(kept, () => sleep(0.2));
    else if (draw(8) === 0) agent.reattach();
    control.done(steps);
    if (steps % TURN_STEPS !== 0) continue;
    if (strategy.capabilities.holdAcrossAwait && draw(2) === 0) {
      const hold = agent.pool.hold(kept);
      await turn();
      hold.release();
    } else await turn();
  }
  await agent.leave();
};

export const mortalRoles: Readonly<Record<string, TortureRole>> = { mortal };
