// The strategies `rcu` and `rcuTurn`: they differ in where a read section ends.

import type { Strategy } from '@zsmalloc/core/strategy';
import { RCU_CAPABILITIES } from './capabilities.ts';
import type { RcuCapabilities } from './capabilities.ts';
import { Epochs } from './epochs.ts';
import { Limbo } from './limbo.ts';
import { RcuPool } from './rcu-pool.ts';
import { AGENT, LOCK, POOL, ZSPAGE } from './records.ts';
import { TurnEpochs } from './turn-epochs.ts';

const words = { pool: POOL.words, lock: LOCK.words, zspage: ZSPAGE.words, agent: AGENT.words };

/**
 * Readers pin an epoch, exactly as long as they read; frees and moves retire and go on.
 *
 * Blocks: up to 1 ms at a time while another agent is in a class lock; up to 1 s for readers when the pool is full. Main
 * thread: yes, it gives up instead.
 * Source: "can't we use kfree_rcu()?", PATCHv4 14/17 "zsmalloc: make zspage lock preemptible", 2025.
 */
export const rcu: Strategy<RcuCapabilities> = {
  id: 'rcu',
  version: 1,
  capabilities: RCU_CAPABILITIES,
  words,
  bind: (host) => new RcuPool(host, new Epochs(host.agent, host), new Limbo(host)),
};

/**
 * Readers pin once in a turn of the event loop: reads are nearly free, and garbage stays at least until the turn ends.
 *
 * Blocks: like `rcu`. Main thread: yes, it gives up instead.
 * Source: QSBR; liburcu.
 */
export const rcuTurn: Strategy<RcuCapabilities> = {
  id: 'rcuTurn',
  version: 1,
  capabilities: RCU_CAPABILITIES,
  words,
  bind: (host) => new RcuPool(host, new TurnEpochs(host.agent, host), new Limbo(host)),
};
