// The mark on an object whose writer died: it stands in the sign of the word that has the object's length.

import { TORN } from './layout/records.ts';
import type { PoolState } from './state.ts';
import type { Location } from './strategy/contract.ts';

/** Sets or ends the mark; false when the object at `location` is not the raw handle's. Caller holds: the class lock. */
export function setTorn(state: PoolState, ordinal: number, location: Location, raw: number, isTorn: boolean): boolean {
  const { words } = state;
  const header = state.headerWord(ordinal, location);
  if (words[header] !== ((raw << 1) | 1)) return false;
  const word = state.lengthWord(ordinal, header);
  words[word] = isTorn ? words[word]! | TORN : words[word]! & ~TORN;
  return true;
}
