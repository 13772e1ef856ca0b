// Decorates a strategy with checks.

import type { Pool } from '@zsmalloc/core';
import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import { ZsmallocError } from '@zsmalloc/core/words';
import { AgentChecks } from './agent-checks.ts';
import { CheckedStrategy } from './checked-strategy.ts';
import { EdgeLog } from './edge-log.ts';
import { guardWaits } from './isolate.ts';
import { Misuse } from './misuse.ts';
import { Nodes } from './nodes.ts';
import { withDefaults } from './options.ts';
import type { LockdepOptions } from './options.ts';
import { OrderChecks } from './order-checks.ts';
import { OrderGraph } from './order-graph.ts';
import { Places } from './places.ts';
import { Reports } from './reports.ts';
import { LOCK, NODES_MAX, POOL } from './records.ts';
import { SiteTable } from './site-table.ts';

/** Raised when a word of lockdep changes its meaning. */
const VERSION = 1;
/** A version of lockdep for each version of the decorated strategy. */
const VERSIONS = 1000;
/** Words of two cache lines: the matrix does not share one with the strategy's words. */
const LINES_WORDS = 32;

/**
 * Decorates a lock strategy with checks of how it is used: lock order across all agents of a pool, recursion, sleeping
 * in atomic context, locks and reads that outlast their turn, unlocks by strangers, leaks at detach. Use it like any other
 * strategy; all agents of a pool must use it. For development: it costs time, and 43 KiB a pool.
 *
 * What is found throws ERR_ZS_LOCKDEP_..., naming the earlier acquisition and the offending call, before anything has
 * happened. What is found at the end of a turn goes to `report`.
 *
 * Wraps `Atomics.wait` of the calling thread, to find waits in atomic context.
 *
 * Blocks: no. Main thread: yes.
 * Source: Linux lockdep and might_sleep(), Documentation/locking/lockdep-design.rst.
 */
export function withLockdep<C extends Capabilities>(strategy: Strategy<C>, options: LockdepOptions = {}): Strategy<C> {
  const { id, version, capabilities, words } = strategy;
  const settings = withDefaults(options);
  const poolWords = Math.ceil(words.pool / LINES_WORDS) * LINES_WORDS;
  guardWaits();
  return {
    id: `lockdep(${id})`,
    version: VERSION * VERSIONS + version,
    capabilities,
    words: { ...words, pool: poolWords + POOL.words, lock: words.lock + LOCK.words },
    bind: (host) => {
      const nodes = new Nodes(host);
      if (nodes.count > NODES_MAX) {
        throw new ZsmallocError(
          'ERR_ZS_OPTION',
          `cannot check a pool with ${nodes.count} locks: lockdep has room for ${NODES_MAX}. Use fewer size classes: a shorter chain.`,
          { nodes: nodes.count, nodesMax: NODES_MAX },
        );
      }
      const base = host.poolBase + poolWords;
      const { words: shared } = host.agent;
      const sites = new SiteTable(shared, base + POOL.at.siteCount, base + POOL.at.sites);
      const places = new Places(sites, nodes.count, settings.stacks);
      const reports = new Reports(shared, base + POOL.at.reports);
      const checks = new AgentChecks(host, id, capabilities, nodes, places, reports, settings);
      const order = new OrderChecks({
        host,
        nodes,
        held: checks.held,
        graph: new OrderGraph(shared, base + POOL.at.matrix, nodes.count),
        log: new EdgeLog(shared, base + POOL.at.edgeCount, base + POOL.at.edges),
        sites,
        places,
        reports,
      });
      const { parks, relocatesBesideReaders } = capabilities;
      return new CheckedStrategy(strategy.bind(host), {
        host,
        nodes,
        checks,
        order,
        reports,
        misuse: new Misuse({ host, nodes, checks, order, places, reports, lockWords: words.lock }),
        parks: parks && !relocatesBesideReaders,
        waitsInUnlock: parks && relocatesBesideReaders,
      });
    },
  };
}

/**
 * How many errors lockdep has made in a pool, by all its agents: also those that somebody has caught and dropped.
 *
 * @throws ERR_ZS_OPTION when the pool does not run under lockdep. Blocks: no. Main thread: yes.
 */
export function lockdepReports(pool: Pool): number {
  const { bound } = pool as Pool & { readonly bound: object };
  if (bound instanceof CheckedStrategy) return bound.reports.count;
  throw new ZsmallocError(
    'ERR_ZS_OPTION',
    `cannot count the reports of lockdep: the pool's strategy is "${pool.strategyId}". Create the pool with withLockdep.`,
    { strategy: pool.strategyId },
  );
}
