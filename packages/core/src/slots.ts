// Copying an object from one slot to another. Either may be cut by a page boundary, at different bytes.

import { LENGTH_MASK, PAGE } from './layout/records.ts';
import { HEADER_BYTES } from './size-class.ts';
import type { PoolState } from './state.ts';
import type { Location } from './strategy/contract.ts';

/** Below this many bytes a loop over words beats copyWithin, which costs 17 to 30 ns to call. */
const COPY_BY_WORD_MAX = 64;

/** See the head of the file. */
export class SlotCopier {
  private readonly state: PoolState;

  constructor(state: PoolState) {
    this.state = state;
  }

  /**
   * Copies header and payload of a slot of a class that is not huge; returns bytes copied.
   *
   * Caller holds: class lock, relocation of the source's zspage.
   * Source: zs_object_copy(), which copies the whole slot; the stored length makes that unnecessary.
   */
  copy(from: Location, to: Location, sizeBytes: number): number {
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
