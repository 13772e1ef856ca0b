// The table that all workers of a replay share, as zram's: for each slot its owner, its object, and the page that it holds.
//
// The owner word is the harness's own cost, two Atomics calls an operation; the "harness" rows of the report contain it too.

import { ObjectTable } from './object-table.ts';

/** One agent's view of the slots. A record's stamp is the number of its page plus 1; 0 when the slot is empty. */
export class SlotTable extends ObjectTable {
  static override create(count: number): SlotTable {
    return new SlotTable(ObjectTable.create(count).buffer);
  }

  /** Page that the slot holds, or -1. Unless the caller owns the slot, it is a hint. */
  pageOf(slot: number): number {
    return this.stampOf(slot) - 1;
  }

  /** The slot holds a page now; handle 0 where that needs no object, page -1 where it is empty. Caller holds: the slot. */
  setPage(slot: number, handle: number, page: number): void {
    this.set(slot, handle, 0, page + 1);
  }
}
