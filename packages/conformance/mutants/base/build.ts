// Builds strategies out of the locks of this folder, right ones and broken ones.

import { lockBased } from '@zsmalloc/core/strategy';
import type {
  BoundStrategy,
  Capabilities,
  LockKind,
  Mutex,
  RwLock,
  Strategy,
  StrategyHost,
  TryRwLock,
} from '@zsmalloc/core/strategy';
import type { Agent } from '@zsmalloc/core/words';
import { ParkingMutex, ParkingRwLock } from './parking-locks.ts';
import { CounterLock, SpinMutex } from './spin-locks.ts';

type LockOf<L> = new (agent: Agent) => L;

/** Locks that differ from those of the base. */
export interface Parts {
  readonly mutex?: LockOf<Mutex>;
  readonly zspage?: LockOf<TryRwLock>;
  /** Words of a zspage lock, 1 by default. */
  readonly zspageWords?: number;
  /** Left out, lookups lock the zspage and look at the cell again. */
  readonly pool?: LockOf<RwLock>;
  readonly capabilities?: Partial<Capabilities>;
}

const SPINNING: Capabilities = {
  holdAcrossAwait: true,
  parks: false,
  worksWithoutBlocking: true,
  freeDuringRead: false,
  concurrentReads: true,
  relocatesBesideReaders: false,
  fairness: 'none',
  robust: false,
};
const PARKING: Capabilities = { ...SPINNING, parks: true };

function kindOf<L>(lock: LockOf<L>, words = 1): LockKind<L> {
  return { words, bind: (agent) => new lock(agent) };
}

function built(
  id: string,
  capabilities: Capabilities,
  mutex: LockOf<Mutex>,
  zspage: LockOf<TryRwLock>,
  parts: Parts,
): Strategy {
  return lockBased({
    id,
    version: 1,
    capabilities: { ...capabilities, ...parts.capabilities },
    structure: kindOf(parts.mutex ?? mutex),
    zspage: kindOf(parts.zspage ?? zspage, parts.zspageWords),
    ...(parts.pool === undefined ? {} : { pool: kindOf(parts.pool) }),
  });
}

/** A strategy of spin locks. */
export function spinning(id: string, parts: Parts = {}): Strategy {
  return built(id, SPINNING, SpinMutex, CounterLock, parts);
}

/** A strategy of parking locks. */
export function parking(id: string, parts: Parts = {}): Strategy {
  return built(id, PARKING, ParkingMutex, ParkingRwLock, parts);
}

/** A strategy with some calls replaced; `bound` still has the original ones. */
export function changed(
  base: Strategy,
  change: (bound: BoundStrategy, host: StrategyHost) => Partial<BoundStrategy>,
): Strategy {
  return {
    ...base,
    bind: (host) => {
      const bound = base.bind(host);
      return Object.assign(Object.create(bound) as BoundStrategy, change(bound, host));
    },
  };
}
