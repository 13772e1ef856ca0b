// A table through which agents hand objects to each other: two words a slot, its handle and who uses it.
//
// USE   0 nobody   n > 0 readers   -1 one agent that changes the slot
// Whoever takes a handle out owns the object; whoever reads it keeps it from being taken out meanwhile.

export const SLOTS = 64;
export const TABLE_WORDS = SLOTS * 2;

const HANDLE = 0;
const USE = 1;

/** Puts a handle into a slot and returns the one that was there, or 0; -1 when the slot is in use. */
export function swapHandle(table, slot, handle) {
  const at = slot * 2;
  if (Atomics.compareExchange(table, at + USE, 0, -1) !== 0) return -1;
  const before = Atomics.exchange(table, at + HANDLE, handle);
  Atomics.store(table, at + USE, 0);
  return before;
}

/** Returns a slot's handle, which stays there until `endUse`; 0, and nothing to end, when there is none to be had. */
export function beginUse(table, slot) {
  const at = slot * 2;
  const users = Atomics.load(table, at + USE);
  if (users < 0 || Atomics.compareExchange(table, at + USE, users, users + 1) !== users) return 0;
  const handle = Atomics.load(table, at + HANDLE);
  if (handle === 0) endUse(table, slot);
  return handle;
}

export function endUse(table, slot) {
  Atomics.sub(table, slot * 2 + USE, 1);
}
