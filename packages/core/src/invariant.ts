// The invariants of a pool by name, and the error that a broken one gives. docs/INVARIANTS.md says what each means.

import { ZsmallocError } from './errors.ts';

/** Invariants, in the order in which they are checked. */
export type Invariant =
  | 'lists-linked'
  | 'group-matches-inuse'
  | 'mask-matches-lists'
  | 'counters-match'
  | 'chain-owned'
  | 'free-list-distinct'
  | 'slots-tagged'
  | 'cells-match-slots'
  | 'length-in-class'
  | 'cells-accounted'
  | 'pages-accounted'
  | 'records-accounted'
  | 'reserved-zero'
  | 'lists-bounded'
  | 'readers-counted';

/** @throws ERR_ZS_CORRUPT, naming the invariant, unless it holds. */
export function expectInvariant(holds: boolean, invariant: Invariant, what: string, index: number): void {
  if (!holds) throw corruptError(invariant, what, index);
}

export function corruptError(invariant: Invariant, what: string, index: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_CORRUPT',
    `the pool is corrupt: invariant "${invariant}" does not hold, ${what} at ${index}. Stop using the pool; if no agent wrote outside its objects, this is a bug worth reporting.`,
    { invariant, what, index },
  );
}
