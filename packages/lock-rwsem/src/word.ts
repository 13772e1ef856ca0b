// The lock word: one Int32 says everything about one lock but who waits for it.
//
// BITS      0 WRITER   a writer holds it
//           1 QUEUED   its queue in the parking lot is not empty
//           2 HANDOFF  it is reserved for one waiter of the queue; nobody else may take it
//           3 BROKEN   after a death its readers are being counted: nobody gets in (recovery.ts)
//        4-11 OWNER    agent that holds it for writing; 0 without WRITER
//          12 WAKING   a parked writer has been woken and is on its way: no need to wake another
//       13-28 readers  read holds, up to READERS_MAX
//          29 CROWDED  the carry out of the reader count: one hold too many
//
// STATE                                    word
//   free, nobody waits                     0
//   read-held by n                         n << 13
//   write-held by agent a                  a << 4 | WRITER
//   each of them with waiters              + QUEUED, and + HANDOFF once a waiter has been passed over too often
//   free, the woken writer is on its way   QUEUED | WAKING
//
// RULES
//   1. QUEUED, HANDOFF and WAKING change only under the lock's bucket lock (lot.ts); WRITER, OWNER and readers also without.
//   2. QUEUED is set exactly while a node of the lock is linked, whenever the bucket lock is free.
//   3. A reader adds its hold first and looks afterwards; if it may not stay it takes the hold back, which is a full
//      read unlock. So the count may be too high for a moment, never too low.
//   4. WRITER and readers > 0 occur together only for such moments.

import type { AgentIndex } from '@zsmalloc/core/words';

export const WRITER: number = 1 << 0;
export const QUEUED: number = 1 << 1;
export const HANDOFF: number = 1 << 2;
export const BROKEN: number = 1 << 3;
export const OWNER_SHIFT = 4;
export const OWNER: number = 0xff << OWNER_SHIFT;
export const WAKING: number = 1 << 12;
export const READER_SHIFT = 13;
/** One read hold. */
export const READER: number = 1 << READER_SHIFT;
/** Read holds at one time: 257 for each of 255 agents. */
export const READERS_MAX = 0xffff;
export const CROWDED: number = 1 << 29;
/** The reader count with its carry, so that holds which are being taken back do not disappear from it. */
export const READERS: number = 0x1ffff << READER_SHIFT;

/** What a newly arrived reader stops at. QUEUED too, or a stream of overlapping readers would starve a parked writer. */
export const BARS_READER: number = WRITER | QUEUED | HANDOFF | BROKEN | CROWDED;
/** What keeps out a reader that has waited for its turn, or that cannot wait in the queue. */
export const BARS_READER_IN_TURN: number = WRITER | HANDOFF | BROKEN | CROWDED;
/** What keeps a reader from taking a lock ahead of parked waiters. */
export const BARS_STEALING_READER: number = WRITER | HANDOFF | BROKEN | READERS;
/** What keeps a writer out. QUEUED does not: a running writer may take the lock before a parked one. */
export const BARS_WRITER: number = WRITER | HANDOFF | BROKEN | READERS;

/** The write hold of an agent, as it is added to a word. */
export function writeHold(agent: AgentIndex): number {
  return WRITER | (agent << OWNER_SHIFT);
}

export function ownerOf(word: number): AgentIndex {
  return (word & OWNER) >>> OWNER_SHIFT;
}

export function readersOf(word: number): number {
  return (word & READERS) >>> READER_SHIFT;
}
