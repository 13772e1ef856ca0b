// The calls of the contract by which an agent comes to hold something, and their numbers in the shared words.
//
// A "place" is an operation and a call site in one number: bits 0-3 operation, bits 4-14 call site, 0 for none recorded.

/** Names by number. 0 is no operation. */
export const OPERATIONS = [
  '',
  'readBegin',
  'writeBegin',
  'holdBegin',
  'lockClassOf',
  'lock',
  'tryLock',
  'moveBegin',
  'relocateBegin',
  'reclaim',
  'unlock',
] as const;

export const READ_BEGIN = 1;
export const WRITE_BEGIN = 2;
export const HOLD_BEGIN = 3;
export const LOCK_CLASS_OF = 4;
export const LOCK = 5;
export const TRY_LOCK = 6;
export const MOVE_BEGIN = 7;
export const RELOCATE_BEGIN = 8;
export const RECLAIM = 9;
export const UNLOCK = 10;

/** Number of an operation, as above. */
export type Operation = number;

const OPERATION_BITS = 4;

/** Puts an operation and a call site into one number of 15 bits. */
export function placeOf(operation: Operation, site: number): number {
  return operation | (site << OPERATION_BITS);
}

export function operationOf(place: number): Operation {
  return place & ((1 << OPERATION_BITS) - 1);
}

export function siteOf(place: number): number {
  return place >>> OPERATION_BITS;
}
