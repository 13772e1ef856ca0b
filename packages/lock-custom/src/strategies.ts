// The strategies with a preemptible zspage lock.
//
// The pool and class locks spin, and come from @zsmalloc/lock-spin: the preemptible lock was made to nest inside them.

import { lockBased, ownLinesBased } from '@zsmalloc/core/strategy';
import type { Strategy } from '@zsmalloc/core/strategy';
import { spinMutex, spinRwLock } from '@zsmalloc/lock-spin';
import { PREEMPTIBLE_CAPABILITIES } from './capabilities.ts';
import type { PreemptibleCapabilities } from './capabilities.ts';
import { preemptibleAtomicLock } from './preemptible-atomic-lock.ts';
import { preemptibleLock } from './preemptible-lock.ts';

/**
 * What landed in Linux: readers may sleep inside their zspage lock (a spin mutex and a counter), movers only try.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 * Source: Linux mm/zsmalloc.c, 2025.
 */
export const preemptible: Strategy<PreemptibleCapabilities> = lockBased({
  id: 'preemptible',
  version: 1,
  capabilities: PREEMPTIBLE_CAPABILITIES,
  pool: spinRwLock,
  structure: spinMutex,
  zspage: preemptibleLock,
});

/**
 * As first proposed: the zspage lock is one atomic counter.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 * Source: PATCHv4 14/17 "zsmalloc: make zspage lock preemptible", 2025.
 */
export const preemptibleAtomic: Strategy<PreemptibleCapabilities> = lockBased({
  id: 'preemptibleAtomic',
  version: 1,
  capabilities: PREEMPTIBLE_CAPABILITIES,
  pool: spinRwLock,
  structure: spinMutex,
  zspage: preemptibleAtomicLock,
});

/**
 * Better than the kernel can: no pool lock. A lookup locks the zspage that the handle seems to be in, then looks again.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 */
export const preemptibleDirect: Strategy<PreemptibleCapabilities> = lockBased({
  id: 'preemptibleDirect',
  version: 1,
  capabilities: PREEMPTIBLE_CAPABILITIES,
  structure: spinMutex,
  zspage: preemptibleAtomicLock,
});

/**
 * Readers that scale: like `preemptibleDirect`, but a reader marks its zspage on its agent's own cache line, and a mover
 * looks through the lines of all agents. A hold is counted in the zspage, as there.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 * Source: the big-reader lock (brlock) of Linux 2.4; deferred readers of folly's SharedMutex.
 */
export const bigReader: Strategy<PreemptibleCapabilities> = ownLinesBased({
  id: 'bigReader',
  version: 1,
  capabilities: PREEMPTIBLE_CAPABILITIES,
  structure: spinMutex,
  zspage: preemptibleAtomicLock,
});
