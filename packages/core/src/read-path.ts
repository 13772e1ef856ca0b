// Finding the bytes of an object, and beginning and ending a read. Closures written flat, for the reason given in
// hot-paths.ts.

import { ZsmallocError } from './errors.ts';
import { asCorrupt, corruptError } from './invariant.ts';
import { HANDLE_MASK } from './handles.ts';
import type { HandleTable } from './handles.ts';
import { HEADER, LENGTH_MASK, PAGE, ZSPAGE } from './layout/records.ts';
import { HEADER_BYTES } from './size-class.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';

const { owner: pageOwner, link } = PAGE.at;
const { freeHead } = ZSPAGE.at;
const { alarm } = HEADER.at;
const PAGE_WORDS = PAGE.words;

/** Where an object's bytes are. */
export interface Place {
  /** Byte offset of its first byte. */
  offset: number;
  length: number;
  /** Bytes in its first page. */
  firstBytes: number;
  /** Byte offset of the rest; of no meaning when there is none. */
  secondOffset: number;
  /** An agent died while it wrote to the object. */
  isTorn: boolean;
  /** Reads and holds begun and not ended by this agent. */
  open: number;
}

/** See the head of the file. */
export interface ReadPath {
  readonly place: Place;
  /**
   * Begins a read and returns the offset of the object's first byte.
   *
   * @param evenTorn For who looks at no bytes.
   * @throws ERR_ZS_BAD_HANDLE, ERR_ZS_TORN. Source: zs_obj_read_begin().
   */
  begin(handle: number, evenTorn?: boolean): number;
  /** Begins a read or a write if a kernel can, with `place` filled. Only pools with kernels have it. */
  tryBegin?(handle: number): boolean;
  /** Ends a read. The zspage cannot have gone: this agent is inside it. Source: zs_obj_read_end(). */
  end(offset: number): void;
  /** Fills `place` and confirms the handle. Returns the zspage; 0 when the place is another object's. */
  locate(location: Location, raw: number): ZspageIndex;
}

/** Builds the read path of a pool. */
export function readPath(state: PoolState, handles: HandleTable): ReadPath {
  const { words, key, plan, tables } = state;
  const { pageBytes, pageWords, pageBase, indexBits, directoryBase } = plan;
  const { sizeBytes: sizes } = tables;
  const hugeOrdinal = plan.shape.classes.length - 1;
  const indexMask = (1 << indexBits) - 1;
  const inPageMask = pageBytes - 1;
  const { pageShift } = plan;
  // A shift takes 32 bits of an offset, and a division costs as much as half an Atomics call.
  const offsetsFit32Bits = plan.pages * pageBytes <= 2 ** 32;
  const { cellMask } = handles;
  const cellPageShift = pageShift - 2;
  const cellInPage = pageWords - 1;
  const place: Place = { offset: 0, length: 0, firstBytes: 0, secondOffset: 0, isTorn: false, open: 0 };

  function locate(location: Location, raw: number): ZspageIndex {
    const page = location >>> indexBits;
    const pageWord = pageBase + page * PAGE_WORDS;
    const owner = words[pageWord + pageOwner]!;
    const ordinal = owner & OWNER_CLASS_MASK;
    if (ordinal === hugeOrdinal) return locateHuge(page, owner >>> OWNER_SHIFT, raw);
    const start = ((location & indexMask) * sizes[ordinal]!) & inPageMask;
    const header = page * pageWords + (start >>> 2);
    if (words[header] !== ((raw << 1) | 1)) return 0;
    // Plain: a strategy that lets objects be retired beside readers leaves these bits as they are.
    const second = words[header + 1]!;
    const length = second & LENGTH_MASK;
    if (length > sizes[ordinal]! - HEADER_BYTES) throw badLength(location, length);
    const room = pageBytes - start - HEADER_BYTES;
    place.offset = page * pageBytes + start + HEADER_BYTES;
    place.length = length;
    place.firstBytes = length;
    place.isTorn = second < 0;
    if (length > room) {
      place.firstBytes = room;
      // order: acquire, pairs with the page migration that may link another second page beside readers.
      const following = Atomics.load(words, pageWord + link);
      if (following <= 0 || following >= plan.pages) throw badLink(location, following);
      place.secondOffset = following * pageBytes;
    }
    return owner >>> OWNER_SHIFT;
  }

  function locateHuge(page: number, zspage: ZspageIndex, raw: number): ZspageIndex {
    if (words[pageBase + page * PAGE_WORDS + link] !== ((raw << 1) | 1)) return 0;
    place.offset = page * pageBytes;
    const length = words[state.zspageWord(zspage) + freeHead]!;
    place.isTorn = length < 0;
    place.length = length & LENGTH_MASK;
    place.firstBytes = place.length;
    if (place.length > pageBytes) throw badLength(page << indexBits, place.length);
    return zspage;
  }

  function badLink(location: Location, page: number): ZsmallocError {
    return corruptError('chain-owned', `page ${page} behind location`, location);
  }

  function badLength(location: Location, length: number): ZsmallocError {
    return corruptError('length-in-class', `length ${length}, location`, location);
  }

  function begin(handle: number, evenTorn = false): number {
    if ((handle | 0) !== handle || handle <= 0 || handle > HANDLE_MASK) throw handles.badHandle(handle);
    if (words[alarm] !== 0) state.checkAlarm();
    const raw = handle ^ key;
    const cells = words[directoryBase + ((raw & cellMask) >>> cellPageShift)]!;
    if (cells === 0) throw handles.badHandle(handle);
    let location: Location;
    try {
      location = state.strategy.readBegin(cells * pageWords + (raw & cellMask & cellInPage));
    } catch (error) {
      throw asCorrupt(error);
    }
    if (location === 0) throw handles.badHandle(handle);
    let zspage = 0;
    try {
      zspage = locate(location, raw);
    } finally {
      if (zspage === 0 || (place.isTorn && !evenTorn)) state.strategy.readEnd(state.ownerOf(location) >>> OWNER_SHIFT);
    }
    if (zspage === 0) throw handles.badHandle(handle);
    if (place.isTorn && !evenTorn) throw tornError(handle);
    place.open++;
    return place.offset;
  }

  function end(offset: number): void {
    const page = offsetsFit32Bits ? offset >>> pageShift : Math.floor(offset / pageBytes);
    // Behind the last page there are records of other things, not owners.
    const owner = page < plan.pages ? words[pageBase + page * PAGE_WORDS + pageOwner] : 0;
    if (place.open === 0 || owner === undefined || owner === 0) throw badToken(offset);
    place.open--;
    state.strategy.readEnd(owner >>> OWNER_SHIFT);
  }

  function badToken(offset: number): ZsmallocError {
    return new ZsmallocError(
      'ERR_ZS_BAD_TOKEN',
      `cannot end a read at offset ${offset}: this agent has no read open there (${place.open} open in all). Pass what readBegin returned, once.`,
      { offset, open: place.open },
    );
  }

  return { place, begin, end, locate };
}

/** An agent died while it wrote to the object. */
export function tornError(handle: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_TORN',
    `cannot read handle ${handle}: an agent died while it wrote to the object, whose bytes may be half old and half new. Write all of it, free it, or take it as it is with acceptTorn.`,
    { handle },
  );
}
