// Strategy `spin`: the kernel's scheme before the preemptible zspage lock. Pool rwlock, class spinlocks, zspage rwlocks.

import { lockBased } from '@zsmalloc/core/strategy';
import type { Strategy } from '@zsmalloc/core/strategy';
import { SPIN_CAPABILITIES } from './capabilities.ts';
import type { SpinCapabilities } from './capabilities.ts';
import { spinMutex } from './mutex.ts';
import { spinRwLock } from './rwlock.ts';

/**
 * Everything spins: a reader holds a spin lock of its zspage, so it must not wait for anybody while it reads.
 *
 * Blocks: up to 1 ms at a time, while another agent is inside. Main thread: yes, it gives up instead.
 * Source: the rwlock scheme of Linux mm/zsmalloc.c before 2025.
 */
export const spin: Strategy<SpinCapabilities> = lockBased({
  id: 'spin',
  version: 1,
  capabilities: SPIN_CAPABILITIES,
  pool: spinRwLock,
  structure: spinMutex,
  zspage: spinRwLock,
});
