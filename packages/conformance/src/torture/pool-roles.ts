// Roles on a whole pool.

import { Violation } from '../host/small-host.ts';
import { sleep } from './control.ts';
import { PoolAgent, turn } from './pool-agent.ts';
import type { RoleContext, TortureRole } from './worker.ts';

/** Steps between two turns of the event loop, between two maintenance calls, and between two attachments. */
const TURN_STEPS = 64;
const MAINTENANCE_STEPS = 24;
const STAY_STEPS = 2500;
/** Steps between two bursts of garbage for the collector of JavaScript. */
const BURST_STEPS = 500;

/** Counts waits without a limit, which only a strategy that parks may have. */
function watchWaits({ counts }: RoleContext): void {
  const { wait } = Atomics;
  counts['endless'] = 0;
  Object.assign(Atomics, {
    wait: (words: Int32Array, word: number, value: number, timeoutMs = Infinity) => {
      if (timeoutMs === Infinity) counts['endless']++;
      return wait(words, word, value, timeoutMs);
    },
  });
}

function maintain(agent: PoolAgent, { draw }: RoleContext, kind: string): void {
  if (kind === 'compacts' || draw(8) === 0) agent.compact();
  if (kind === 'migrates' || draw(8) === 0) agent.migrate();
}

function step(agent: PoolAgent, { draw }: RoleContext, kind: string): void {
  const what = kind === 'poolReads' ? 9 : draw(10);
  if (what < 4) agent.make();
  else if (what < 6) agent.drop();
  else if (what < 8) agent.exchange();
  else agent.readShared();
}

/** All of it, with a leaning. */
const leansTo =
  (kind: string): TortureRole =>
  async (context) => {
    const { control, draw, strategy } = context;
    control.awaitStart();
    watchWaits(context);
    const agent = new PoolAgent(context);
    let garbage: unknown[] = [];
    for (let steps = 1; !control.stopped; steps++) {
      control.stutter();
      step(agent, context, kind);
      control.done(steps);
      if (steps % MAINTENANCE_STEPS === 0) maintain(agent, context, kind);
      if (steps % TURN_STEPS === 0) {
        if (strategy.capabilities.holdAcrossAwait && draw(4) === 0) await agent.holdOwn();
        else await turn();
      }
      if (steps % BURST_STEPS === 0) garbage = Array.from({ length: 1000 }, (_, i) => ({ i, garbage: [i] }));
      if (steps % STAY_STEPS === 0) agent.reattach();
    }
    void garbage;
    await agent.leave();
    if (!strategy.capabilities.parks && context.counts['endless'] > 0) {
      throw new Violation(
        `parks is false, but it called Atomics.wait without a limit ${context.counts['endless']} times`,
      );
    }
  };

/** Never blocks: every call by its async twin. */
const poolAsync: TortureRole = async (context) => {
  const { control } = context;
  control.awaitStart();
  const agent = new PoolAgent(context);
  for (let steps = 1; !control.stopped; steps++) {
    await agent.stepAsync();
    control.done(steps);
  }
  await agent.leave();
};

/** Frees what it has just made, as fast as it can. */
const floods: TortureRole = async (context) => {
  const { control, draw, counts } = context;
  control.awaitStart();
  const agent = new PoolAgent(context);
  const { pool, own } = agent;
  counts['freedKiB'] = 0;
  counts['pagesHigh'] = 0;
  let frees = 0;
  for (let steps = 1; !control.stopped; steps++) {
    const sizeBytes = 500 + draw(3000);
    control.doing(9);
    const handle = pool.tryMalloc(sizeBytes);
    counts['mallocs']++;
    if (handle === 0) {
      counts['full']++;
      await turn();
    } else own.push(handle);
    control.doing(10);
    if (own.length > 8) {
      pool.free(own.shift()!);
      counts['freedKiB'] += sizeBytes / 1024;
      control.done(++frees);
    }
    if (steps % 256 === 0) counts['pagesHigh'] = Math.max(counts['pagesHigh'], pool.stats().pagesUsed);
    if (steps % TURN_STEPS === 0) await turn();
  }
  for (const handle of own) pool.free(handle);
  own.length = 0;
  await agent.leave();
};

/** Sleeps inside each read, and begins the next before the turn is over. */
const slowReads: TortureRole = async (context) => {
  const { control, counts, data } = context;
  control.awaitStart();
  const agent = new PoolAgent(context);
  while (!control.stopped) {
    control.doing(5);
    agent.pool.read(data['kept'] as number, () => sleep(2));
    counts['reads']++;
    control.done(counts['reads']);
    await turn();
  }
  await agent.leave();
};

export const poolRoles: Readonly<Record<string, TortureRole>> = {
  compacts: leansTo('compacts'),
  migrates: leansTo('migrates'),
  poolReads: leansTo('poolReads'),
  everything: leansTo('everything'),
  poolAsync,
  floods,
  slowReads,
};
