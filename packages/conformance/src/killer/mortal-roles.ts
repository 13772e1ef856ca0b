// Roles of agents that are killed at any instruction. Objects change hands by one atomic exchange, so that an agent that
// dies takes along two objects at most: the one that it has made, and the one that it has taken.

import { PoolAgent, turn } from '../torture/pool-agent.ts';
import { Violation } from '../host/small-host.ts';
import { isWhole } from '../torture/random.ts';
import { TABLE_BASE, TABLE_SLOTS, sleep } from '../torture/control.ts';
import type { RoleContext, TortureRole } from '../torture/worker.ts';

/** What one agent can take along. */
const IN_HAND_MAX = 2;

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

const TURNS_MAX = 200;

/** Looks at a pool whose agents have died or gone: its structure, what nobody touched, and how much is left over. */
const inspects: TortureRole = async (context) => {
  const { control, data } = context;
  const { kept, kills, table } = data as { kept: number; kills: number; table: Int32Array };
  control.awaitStart();
  const { pool } = new PoolAgent(context);
  control.doing(13);
  pool.verify();
  if (!pool.read(kept, isWhole)) throw new Violation('an object that nobody changed is damaged');
  pool.free(kept);
  for (let slot = 0; slot < TABLE_SLOTS; slot++) {
    const handle = Atomics.exchange(table, TABLE_BASE + slot, 0);
    if (handle === 0) continue;
    if (!pool.read(handle, isWhole)) throw new Violation('an object that was whole when its maker died is damaged');
    pool.free(handle);
  }
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    pool.compact();
    await turn();
  }
  pool.verify();
  const { objects } = pool.stats();
  if (objects > kills * IN_HAND_MAX) {
    throw new Violation(
      `memory is lost: ${objects} objects are left after ${kills} deaths, each of which can explain ${IN_HAND_MAX}`,
    );
  }
  pool.detach();
};

export const mortalRoles: Readonly<Record<string, TortureRole>> = { mortal, inspects };
