// The strategy `rwsem`: all three lock levels may sleep.
//
// LOCK ORDER   pool (read or write) > class (write) > zspage (read, or try-write), as in the contract.
//
// RULES
//   1. The pool lock is a reader-writer semaphore, the structure locks are its write side, and the zspage lock is one
//      whose writers only try: a reader that keeps a zspage, even across `await`, keeps nobody waiting.
//   2. The parking lot lies behind the pool lock's word; each agent's nodes are its strategy words.
//   3. Words: 1 per lock and zspage, 25 per agent, 544 per pool. An agent's last word says that it counts as attached.

import type { BoundStrategy, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { lockBased } from '@zsmalloc/core/strategy';
import type { AgentIndex } from '@zsmalloc/core/words';
import { AGENT_WORDS, BUCKET_WORDS, HEAD, HEAD_WORDS, ParkingLot } from './lot.ts';
import { RwsemRecovery } from './recovery.ts';
import { retryLater } from './retry-later.ts';
import { Rwsem } from './rwsem.ts';
import { SPIN_ROUNDS, countCores } from './spin.ts';
import type { SpinLimits } from './spin.ts';

const ID = 'rwsem';
const VERSION = 1;
/** The pool lock's word has a cache line to itself. */
const POOL_LOCK_WORDS = 16;
/** More buckets than agents that can be inside at one time on machines of today; 2 KiB. */
const BUCKETS = 32;

export interface RwsemCapabilities {
  readonly holdAcrossAwait: true;
  readonly parks: true;
  readonly worksWithoutBlocking: true;
  readonly freeDuringRead: false;
  readonly concurrentReads: true;
  readonly relocatesBesideReaders: false;
  readonly fairness: 'writer-first';
  readonly robust: true;
}

const CAPABILITIES: RwsemCapabilities = {
  holdAcrossAwait: true,
  parks: true,
  worksWithoutBlocking: true,
  freeDuringRead: false,
  concurrentReads: true,
  relocatesBesideReaders: false,
  fairness: 'writer-first',
  robust: true,
};

/**
 * Makes the strategy with limits of your own. Agents with different limits may share a pool.
 *
 * @param limits.cores Cores that the agents share; with more agents than that they do not spin.
 * @param limits.rounds Rounds of spinning before an agent parks, where it spins.
 * Blocks: no. Main thread: yes.
 */
export function createRwsem(limits: Partial<SpinLimits> = {}): Strategy<RwsemCapabilities> {
  return {
    id: ID,
    version: VERSION,
    capabilities: CAPABILITIES,
    words: { pool: POOL_LOCK_WORDS + HEAD_WORDS + BUCKETS * BUCKET_WORDS, lock: 1, zspage: 1, agent: AGENT_WORDS + 1 },
    bind: (host) => bind(host, { cores: limits.cores ?? countCores(), rounds: limits.rounds ?? SPIN_ROUNDS }),
  };
}

/** Sleeping reader-writer semaphores at all three levels. */
export const rwsem: Strategy<RwsemCapabilities> = createRwsem();

function bind(host: StrategyHost, limits: SpinLimits): BoundStrategy {
  const head = host.poolBase + POOL_LOCK_WORDS;
  const lot = new ParkingLot(host.agent, {
    head,
    buckets: head + HEAD_WORDS,
    bucketCount: BUCKETS,
    agents: host.agentBase,
    agentStride: host.agentStride,
  });
  const locks = new Rwsem(lot, limits);
  const recovery = new RwsemRecovery(lot, host);
  const kind = { words: 1, bind: () => Object.assign(locks, { recovery }) };
  const parts = { id: ID, version: VERSION, capabilities: CAPABILITIES, pool: kind, structure: kind, zspage: kind };
  const { words } = host.agent;
  const countedWord = (agent: AgentIndex): number => host.agentBase + agent * host.agentStride + AGENT_WORDS;
  const uncount = (agent: AgentIndex): void => {
    if (words[countedWord(agent)] === 0) return;
    words[countedWord(agent)] = 0;
    // order: relaxed. Spinners look at it for a rough idea.
    Atomics.sub(words, head + HEAD.attached, 1);
  };
  words[countedWord(host.agent.index)] = 1;
  // order: relaxed. As above.
  Atomics.add(words, head + HEAD.attached, 1);
  const bound = lockBased(parts).bind(host);
  return Object.assign(bound, {
    recovery: {
      ...bound.recovery!,
      bury: (dead: AgentIndex, isDead: (agent: AgentIndex) => boolean) => {
        uncount(dead);
        return recovery.bury(dead, isDead);
      },
      wakeAll: () => recovery.wakeAll(),
    },
    retryLater: () => retryLater(locks),
    detach: () => uncount(host.agent.index),
  });
}
