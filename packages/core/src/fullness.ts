// Fullness groups: the zspages of a class by how full they are.
//
// Group 0 is empty, 11 is full; a partly used zspage is in group floor(percent / 10) + 1, so group 1 is (0, 10 %) and
// group 10 is [90 %, 100 %). Twelve groups keep the zspages of a list alike, so that taking the first is nearly the best.
//
// Source: get_fullness_group() in Linux mm/zsmalloc.c.

export const GROUPS = 12;
export const GROUP_EMPTY = 0;
export const GROUP_FULL = 11;
/** On no list: compaction has taken the zspage aside. */
export const GROUP_ISOLATED = 12;
/** On no list either: compaction has moved every object out, and the old places wait for their readers. */
export const GROUP_DRAINING = 13;

/** Groups from which an object can be allocated, as a bit set. */
export const GROUPS_WITH_ROOM: number = (1 << GROUP_FULL) - 1;
/** Groups that hold objects and have room: sources and targets of compaction, as a bit set. */
export const GROUPS_PARTIAL: number = GROUPS_WITH_ROOM & ~(1 << GROUP_EMPTY);

/** Fullness group of a zspage with `inuse` of `objects` slots in use. */
export function fullnessGroup(inuse: number, objects: number): number {
  if (inuse === 0) return GROUP_EMPTY;
  if (inuse === objects) return GROUP_FULL;
  return Math.floor(Math.floor((100 * inuse) / objects) / 10) + 1;
}
