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
  | 'caches-listed'
  | 'cells-accounted'
  | 'pages-accounted'
  | 'records-accounted'
  | 'reserved-zero'
  | 'lists-bounded'
  | 'readers-counted'
  | 'words-in-range';

/** @throws ERR_ZS_CORRUPT, naming the invariant, unless it holds. */
export function expectInvariant(holds: boolean, invariant: Invariant, what: string, index: number): void {
  if (!holds) throw corruptError(invariant, what, index);
}

/**
 * Counts the steps of a walk through shared words down, so that one that was led into a circle ends.
 *
 * @returns The steps that are left. @throws ERR_ZS_CORRUPT when there are none.
 */
export function stepOf(left: number, what: string, index: number): number {
  expectInvariant(left > 0, 'lists-bounded', what, index);
  return left - 1;
}

/** What an access beyond the end of a table throws, as what it is: a word that leads there. Other errors stay as they are. */
export function asCorrupt(error: unknown): unknown {
  const isBuiltIn = error instanceof RangeError || error instanceof TypeError || isTrap(error);
  return isBuiltIn ? corruptError('words-in-range', `an access to what is not there (${error.message})`, 0) : error;
}

/** What ends a kernel in WebAssembly. By name: not every runtime has that. */
function isTrap(error: unknown): error is Error {
  return error instanceof Error && error.name === 'RuntimeError';
}

export function corruptError(invariant: Invariant, what: string, index: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_CORRUPT',
    `the pool is corrupt: invariant "${invariant}" does not hold, ${what} at ${index}. Stop using the pool; if no agent wrote outside its objects, this is a bug worth reporting.`,
    { invariant, what, index },
  );
}
