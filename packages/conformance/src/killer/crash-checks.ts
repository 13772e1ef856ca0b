// A whole pool under the explorer in which one agent dies, before each of its operations in turn. Another one learns of it,
// recovers, and goes on; a third works meanwhile and may be in the dead agent's way.

import type { ExploreOptions, ExploreResult } from '@zsmalloc/explorer';
import type { AgentPool } from '@zsmalloc/core/model';
import type { Check } from '../check.ts';
import { Violation } from '../host/small-host.ts';
import { explorerCheck } from '../model/explorer-check.ts';
import { explorePool } from '../pool/pool-model.ts';
import type { Role } from '../pool/pool-model.ts';
import { A, HALF_BYTES, compact, filled, halves, outcomeOf, pageOf, program } from '../pool/program-parts.ts';
import type { Halves } from '../pool/program-parts.ts';
import { sampleCrashes } from './crash-points.ts';
import { recoverFrom } from './recovery.ts';

interface Start extends Halves {
  readonly other: number;
  readonly page: number;
}

const setup = (pool: AgentPool): Start => {
  const start = halves(pool);
  return { ...start, other: filled(pool, 64, A), page: pageOf(pool, 1) };
};

/** Number of the agent that dies: the first thread's. */
const VICTIM = 1;

/** What an agent does when it dies. */
const VICTIMS: readonly [string, string, Role<Start>][] = [
  ['malloc', 'allocates', (pool) => pool.malloc(HALF_BYTES)],
  ['free', 'frees', (pool, { moved }) => pool.free(moved)],
  ['read', 'reads', (pool, { moved }) => pool.read(moved, (bytes) => bytes[0])],
  ['write', 'writes', (pool, { moved }) => pool.write(moved, new Uint8Array(4).fill(A), 8)],
  ['compact', 'compacts', compact],
  ['migrate', 'migrates a page', (pool, { page }) => pool.migratePage(page).result],
];

const heir: Role<Start> = (pool, _start, _attach, { awaitExit }) => {
  awaitExit('victim');
  recoverFrom(pool, VICTIM);
  const handle = pool.malloc(HALF_BYTES);
  pool.free(handle);
  compact(pool);
};

/** Gives up instead of waiting for the dead agent: a loop that waits and writes would be unfair for ever in some schedule. */
const bystander: Role<Start> = (pool, { other }) =>
  outcomeOf(() => {
    pool.read(other, (bytes) => bytes[0]);
    pool.free(pool.malloc(HALF_BYTES));
  });

/** Objects that a dead agent can have left behind: the one that it was making. */
const LEFT_MAX = 1;

/** A recovery looks at every lock and every zspage. */
const STEPS_MAX = 20_000;

/** See the head of the file. */
export const crashChecks: readonly Check[] = VICTIMS.flatMap(([id, doing, victim]) =>
  (
    [
      ['', { heir }, [9, 10]],
      ['-beside-others', { heir, bystander }, [9, 10]],
    ] as const
  ).map(([suffix, others, rows]) =>
    explorerCheck({
      id: `crash-${id}${suffix}`,
      title: `an agent dies while it ${doing}, before each operation${suffix === '' ? '' : ', beside others'}`,
      rows,
      weight: 2,
      fits: ({ robust }) => robust,
      race: 'what a dead agent left was used as it was',
      explore: (strategy, options): ExploreResult => {
        const build = program<Start>(() => ({
          setup,
          agents: { victim, ...others },
          contents: () => new Map(),
          checkAll: checkLeft,
          nonBlocking: ['bystander'],
          racy: ['estimates', 'cells', 'owners', 'freedSlots'],
        }));
        const run = (more: Partial<ExploreOptions>): ExploreResult =>
          explorePool(build(strategy), { maxSteps: STEPS_MAX, ...more });
        if (options.schedule !== undefined) return run(options);
        // The search with few preemptions comes first, and takes points by lot.
        if (options.preemptions !== undefined) return sampleCrashes(run, 'victim', options);
        return run({ ...options, crash: { thread: 'victim' } });
      },
    }),
  ),
);

/** The pool is whole, and holds what nobody touched. */
function checkLeft({ still, other }: Start, pool: AgentPool): void {
  for (const handle of [still, other]) pool.free(handle);
  compact(pool);
  pool.verify();
  const { objects } = pool.stats();
  if (objects > LEFT_MAX + 1) throw new Violation(`memory is lost: ${objects} objects are left of an agent that died`);
}
