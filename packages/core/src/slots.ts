// Moving an object from one slot to another of its class. Either may be cut by a page boundary, at different bytes.

import type { HandleTable } from './handles.ts';
import { LENGTH_MASK, PAGE } from './layout/records.ts';
import { HEADER_BYTES } from './size-class.ts';
import type { PoolState } from './state.ts';
import type { Location } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';

/** Below this many bytes a loop over words beats copyWithin, which costs 17 to 30 ns to call. */
const COPY_BY_WORD_MAX = 64;

/** See the head of the file. */
export class SlotMover {
  private readonly state: PoolState;
  private readonly handles: HandleTable;

  constructor(state: PoolState, handles: HandleTable) {
    this.state = state;
    this.handles = handles;
  }

  /** Word of the cell whose object lies in a slot; 0 for a free or cached slot and for one whose object is retired or has moved. */
  cellOfObjectIn(location: Location, sizeBytes: number): WordIndex {
    const { words } = this.state;
    const header = words[this.state.slotWord(location, sizeBytes)]!;
    // Free, or cached.
    if ((header & 1) === 0 || header < 0) return 0;
    const cell = this.handles.cellWord((header >>> 1) & this.handles.cellMask);
    return words[cell] === location ? cell : 0;
  }

  /**
   * Copies the object of `cell`, points the cell to the copy and retires the old place. Returns bytes copied.
   *
   * Caller holds: move and class locks, relocation of the source's zspage, and has taken the target slot.
   */
  move(cell: WordIndex, from: Location, to: Location, sizeBytes: number): number {
    const bytes = this.copy(from, to, sizeBytes);
    this.state.strategy.publish(cell, to);
    this.state.strategy.retirePlace(from);
    return bytes;
  }

  /**
   * Copies header and payload of a slot of a class that is not huge; returns bytes copied.
   *
   * Source: zs_object_copy(), which copies the whole slot; the stored length makes that unnecessary.
   */
  private copy(from: Location, to: Location, sizeBytes: number): number {
    const { words, memory, plan } = this.state;
    const fromWord = this.state.slotWord(from, sizeBytes);
    const total = (HEADER_BYTES + (words[fromWord + 1]! & LENGTH_MASK) + 7) & ~7;
    const pageMask = plan.pageBytes - 1;
    let done = 0;
    while (done < total) {
      const source = this.byteAt(from, sizeBytes, done);
      const target = this.byteAt(to, sizeBytes, done);
      const piece = Math.min(total - done, plan.pageBytes - (source & pageMask), plan.pageBytes - (target & pageMask));
      if (piece <= COPY_BY_WORD_MAX) {
        for (let word = 0; word < piece >>> 2; word++) words[target / 4 + word] = words[source / 4 + word]!;
      } else memory.bytes.copyWithin(target, source, source + piece);
      done += piece;
    }
    return total;
  }

  /** Byte offset of a slot's byte `done`: in the page where the slot starts, or in the next one. */
  private byteAt(location: Location, sizeBytes: number, done: number): number {
    const { plan, words } = this.state;
    const page = this.state.pageOf(location);
    const inPage = this.state.slotStart(location, sizeBytes) + done;
    if (inPage < plan.pageBytes) return page * plan.pageBytes + inPage;
    return words[this.state.pageWord(page) + PAGE.at.link]! * plan.pageBytes + inPage - plan.pageBytes;
  }
}
