// How many Atomics calls each uncontended operation needs, by the protocol of its strategy. The bench counts the calls that
// are really made and fails when a count differs from this table: a claim that nobody checks is worth nothing.

import { OPERATION_NAMES } from './micro-operations.ts';

/** Calls of each operation. */
export type Claim = Readonly<Record<keyof typeof OPERATION_NAMES, number>>;

const claim = (pair: number, read: number, write: number): Claim => ({ pair, mixed: pair, read, write });

/** By strategy id. */
export const CLAIMS: Readonly<Record<string, Claim>> = {
  bigLock: claim(0, 0, 0),
};

/** Most that an operation may cost, as a multiple of its Atomics calls. */
export const COST_RATIO_MAX = 1.3;

/** The stated number of calls; null when nobody has stated it. */
export function statedCalls(strategyId: string, operation: string): number | null {
  const key = (Object.keys(OPERATION_NAMES) as (keyof Claim)[]).find((name) => OPERATION_NAMES[name] === operation);
  return key === undefined ? null : (CLAIMS[strategyId]?.[key] ?? null);
}
