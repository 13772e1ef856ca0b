// Builds a strategy out of plain locks.
//
// With a pool lock, lookups follow the kernel's order (pool-lock.ts); without one they lock first and validate after
// (validating.ts), and readers may then mark their zspage on lines of their own (own-lines.ts).

import type { Capabilities, Strategy } from './contract.ts';
import type { LockKind, Mutex, RwLock, TryRwLock } from './locks.ts';
import { OWN_LINE_WORDS } from './own-lines.ts';
import type { RecoverableRwLock } from './own-lines.ts';
import { PoolLockStrategy } from './pool-lock.ts';
import { OwnLinesStrategy, ValidatingStrategy } from './validating.ts';

/** Locks of a lock-based strategy. */
export interface LockBasedOptions<C extends Capabilities> {
  readonly id: string;
  readonly version: number;
  readonly capabilities: C;
  /** Pool lock; left out, lookups lock the zspage first and validate the handle after. */
  readonly pool?: LockKind<RwLock>;
  /** Lock of classes, of the handle stock and of the page allocator. */
  readonly structure: LockKind<Mutex>;
  /** Zspage lock. */
  readonly zspage: LockKind<TryRwLock>;
}

/**
 * Builds a strategy out of plain locks.
 *
 * Blocks: no. Main thread: yes.
 * Source: the lock order of Linux mm/zsmalloc.c (with a pool lock); lock-then-validate (without).
 */
export function lockBased<C extends Capabilities>(options: LockBasedOptions<C>): Strategy<C> {
  const { id, version, capabilities, pool, structure, zspage } = options;
  return {
    id,
    version,
    capabilities,
    words: { pool: pool?.words ?? 0, lock: structure.words, zspage: zspage.words, agent: 0 },
    bind: (host) => {
      const mutex = structure.bind(host.agent);
      const zspageLock = zspage.bind(host.agent);
      return pool === undefined
        ? new ValidatingStrategy(host, mutex, zspageLock)
        : new PoolLockStrategy(host, mutex, zspageLock, pool.bind(host.agent));
    },
  };
}

/** Locks of a strategy whose readers write no shared line. */
export interface OwnLinesOptions<C extends Capabilities> extends Omit<LockBasedOptions<C>, 'pool' | 'zspage'> {
  /** Zspage lock for who finds a mover inside, or has many reads open. It names its writer. */
  readonly zspage: LockKind<RecoverableRwLock>;
}

/**
 * Builds a strategy out of plain locks whose readers mark their zspage on a line of their agent's.
 *
 * Blocks: no. Main thread: yes.
 * Source: own-lines.ts.
 */
export function ownLinesBased<C extends Capabilities>(options: OwnLinesOptions<C>): Strategy<C> {
  const { id, version, capabilities, structure, zspage } = options;
  return {
    id,
    version,
    capabilities,
    words: { pool: 1, lock: structure.words, zspage: zspage.words, agent: OWN_LINE_WORDS },
    bind: (host) => new OwnLinesStrategy(host, structure.bind(host.agent), zspage.bind(host.agent)),
  };
}
