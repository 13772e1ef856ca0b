// The mark on an object whose writer died: it stands in the sign of the word that has the object's length.

import { PAGE, TORN, ZSPAGE } from './layout/records.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location } from './strategy/contract.ts';

/** Sets or ends the mark; false when the object at `location` is not the raw handle's. Caller holds: the class lock. */
export function setTorn(state: PoolState, ordinal: number, location: Location, raw: number, isTorn: boolean): boolean {
  const { words, plan, tables } = state;
  const isHuge = ordinal === plan.shape.classes.length - 1;
  const page = state.pageWord(state.pageOf(location));
  const header = isHuge ? page + PAGE.at.link : state.slotWord(location, tables.sizeBytes[ordinal]!);
  if (words[header] !== ((raw << 1) | 1)) return false;
  const word = isHuge
    ? state.zspageWord(words[page + PAGE.at.owner]! >>> OWNER_SHIFT) + ZSPAGE.at.freeHead
    : header + 1;
  words[word] = isTorn ? words[word]! | TORN : words[word]! & ~TORN;
  return true;
}
