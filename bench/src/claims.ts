// How many Atomics calls each uncontended operation needs, by the protocol of its strategy. The bench counts the calls
// that are really made and fails when a count differs from this table: a claim that nobody checks is worth nothing.

import { OPERATION_NAMES } from './micro-operations.ts';

type Operation = keyof typeof OPERATION_NAMES;

/** Calls of each operation; a pair is one malloc and one free. */
export interface Claim extends Readonly<Record<Operation, number>> {
  /** Calls that reclaiming may add to a pair, amortised over the frees before it, where frees are deferred. */
  readonly reclaimMax: number;
}

const LOCK_PAIR = 2;
/** A lookup without a pool lock looks at the cell again once it has the zspage. */
const CELL_LOAD = 1;
/** Looks whether a mover is inside. */
const WRITER_LOAD = 1;

interface Protocol {
  /** Calls to enter and leave the locks of each intent. */
  readonly malloc: number;
  readonly free: number;
  readonly read: number;
}

function claim({ malloc, free, read }: Protocol): Claim {
  const pair = malloc + free;
  return { pair, mixed: pair, read, write: read, reclaimMax: 0 };
}

/** Malloc: class lock. Free: pool lock, class lock. Read: pool lock, zspage lock, each once. */
const kernelOrder = (zspagePair: number): Claim =>
  claim({ malloc: LOCK_PAIR, free: 2 * LOCK_PAIR, read: LOCK_PAIR + zspagePair });

/** A store to pin, a store to unpin. */
const PIN_PAIR = 2;
/** Free: the class lock, the cell's store that unlinks the object, and the epoch, looked at after it. */
const deferred = (read: number): Claim => ({
  ...claim({ malloc: LOCK_PAIR, free: LOCK_PAIR + 2, read }),
  write: LOCK_PAIR + WRITER_LOAD + CELL_LOAD,
  reclaimMax: 1,
});

/** By strategy id. */
export const CLAIMS: Readonly<Record<string, Claim>> = {
  bigLock: claim({ malloc: LOCK_PAIR, free: LOCK_PAIR, read: LOCK_PAIR }),
  spin: kernelOrder(LOCK_PAIR),
  rwsem: kernelOrder(LOCK_PAIR),
  // A spinlock around the counter, once to enter and once to leave.
  preemptible: kernelOrder(2 * LOCK_PAIR),
  preemptibleAtomic: kernelOrder(LOCK_PAIR),
  rcu: deferred(PIN_PAIR + CELL_LOAD),
  // After the first read of a turn, which stores the agent's word.
  rcuTurn: deferred(CELL_LOAD),
  rcuSynchronize: deferred(PIN_PAIR + CELL_LOAD),
  // The mark is set, the writer looked for, the mark cleared.
  bigReader: claim({ malloc: LOCK_PAIR, free: LOCK_PAIR, read: LOCK_PAIR + WRITER_LOAD + CELL_LOAD }),
  preemptibleDirect: claim({ malloc: LOCK_PAIR, free: LOCK_PAIR, read: LOCK_PAIR + CELL_LOAD }),
};

/** Most that an operation may cost, as a multiple of its Atomics calls. */
export const COST_RATIO_MAX = 1.3;

function keyOf(operation: string): Operation | undefined {
  return (Object.keys(OPERATION_NAMES) as Operation[]).find((name) => OPERATION_NAMES[name] === operation);
}

/** The stated number of calls; null when nobody has stated it. */
export function statedCalls(strategyId: string, operation: string): number | null {
  const key = keyOf(operation);
  return key === undefined ? null : (CLAIMS[strategyId]?.[key] ?? null);
}

/** True when a count is what the table states: exactly, but for the share of reclaiming where frees are deferred. */
export function isAsStated(strategyId: string, operation: string, measured: number): boolean {
  const stated = statedCalls(strategyId, operation);
  if (stated === null) return true;
  const key = keyOf(operation);
  const reclaimMax = key === 'pair' || key === 'mixed' ? CLAIMS[strategyId]!.reclaimMax : 0;
  return measured >= stated && measured <= stated + reclaimMax;
}
