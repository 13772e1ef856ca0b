// Agents that are killed: terminated workers on real threads, and a death before each operation under the explorer.

import { createPool } from '@zsmalloc/core';
import type { Check, CheckContext, Finding } from '../check.ts';
import { Crew, pauseMs } from '../torture/crew.ts';
import type { CrewEnd } from '../torture/crew.ts';
import { findingOf, sumOf } from '../torture/finding.ts';
import { drawFrom, payload } from '../torture/random.ts';
import { watchWorker } from './recovery.ts';

const POOL_BYTES = 1536 * 1024;
const AGENTS = 4;
const KEPT_BYTES = 900;
const SHARE = 0.7;
const RUN_MS_MIN = 300;
/** Longest life of an agent between two kills, in ms. */
const LIFE_MS = 25;
/** An inspection takes as long as it takes, but not for ever. */
const INSPECT_MS = 100;

/** Kills one agent after the other, each at some moment, and hires another one in its place. */
async function killAll(crew: Crew, { seed, budgetMs }: CheckContext): Promise<number> {
  const draw = drawFrom(seed);
  const endMs = performance.now() + Math.max(RUN_MS_MIN, budgetMs * SHARE);
  let kills = 0;
  while (performance.now() < endMs && !crew.failed) {
    await pauseMs(draw(LIFE_MS));
    // Who has not begun to work yet has nothing to leave behind.
    const working = Array.from({ length: AGENTS }, (_, i) => i).filter((i) => crew.doneBy(i) > 0);
    if (working.length === 0) continue;
    const victim = working[draw(working.length)];
    const worker = crew.workers[victim];
    if (worker === undefined) continue;
    await worker.terminate();
    kills++;
    crew.hire(victim);
  }
  // Whoever was killed last is recovered from when its end is known.
  await pauseMs(5);
  return kills;
}

const killer: Check = {
  id: 'killer-pool',
  title: 'agents are terminated at any moment, and others take their places',
  kind: 'killer',
  rows: [9, 10, 17],
  weight: 4,
  fits: ({ robust }) => robust,
  async run(context): Promise<Finding> {
    const { subject, seed } = context;
    const pool = createPool({ bytes: POOL_BYTES, strategy: subject.strategy, agents: 40 });
    const kept = pool.malloc(KEPT_BYTES);
    pool.write(kept, payload(seed, KEPT_BYTES));
    let kills = 0;
    const crew = new Crew({
      subject,
      seed,
      roles: Array.from({ length: AGENTS }, () => 'mortal'),
      data: { descriptor: pool.descriptor(), kept },
      runMs: 0,
      onHire: (worker) => watchWorker(pool, worker),
      direct: async (running) => {
        kills = await killAll(running, context);
      },
    });
    let end: CrewEnd = await crew.run();
    // By an agent of its own, because it may hang on what a dead one has left.
    if (end.wrong === undefined) {
      const data = { descriptor: pool.descriptor(), kept, kills, table: crew.control };
      const inspector = new Crew({ subject, seed, roles: ['inspects'], data, runMs: INSPECT_MS });
      end = { ...end, wrong: (await inspector.run()).wrong };
    }
    const finding = findingOf(end, { kills, mallocs: sumOf(end, 'mallocs') });
    // Who hangs waits for what a dead agent had.
    return finding.defect === undefined ? finding : { ...finding, defect: { ...finding.defect, rows: [9, 10, 17] } };
  },
};

/** See the head of the file. */
export const killerChecks: readonly Check[] = [killer];
