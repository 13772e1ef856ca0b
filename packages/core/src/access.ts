// Reading and writing objects in place. An object spans at most two pages.
//
// RULES
//   1. Bytes are touched between a begin and an end of the strategy, and after the header has confirmed the handle.
//   2. A writer of bytes excludes movers, not other users of the same object: that is for users to arrange.
//   3. An end never waits.

import { ZsmallocError } from './errors.ts';
import type { HandleTable } from './handles.ts';
import { LENGTH_MASK, PAGE, ZSPAGE } from './layout/records.ts';
import { HEADER_BYTES } from './size-class.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex, Words } from './words/agent.ts';
import type { Hold } from './api.ts';

const { owner: pageOwner, link } = PAGE.at;
const { freeHead } = ZSPAGE.at;

/** See the head of the file. */
export class Access {
  /** Place of the object that the last begin found: first byte, bytes in its first page, first byte of the rest. */
  offset = 0;
  length = 0;
  firstBytes = 0;
  secondOffset = 0;
  /** Begun and not ended by this agent. */
  open = 0;

  private readonly state: PoolState;
  private readonly words: Words;
  private readonly bytes: Uint8Array;
  private readonly handles: HandleTable;
  private readonly hugeOrdinal: number;
  private readonly pageBytes: number;
  private readonly pageWords: number;
  private readonly pagesPerByte: number;
  private readonly pageBase: WordIndex;
  private readonly indexBits: number;
  private readonly indexMask: number;
  private readonly inPageMask: number;
  private readonly sizes: Int32Array;
  /** Copies of objects that span two pages, by nesting depth of `read`. */
  private readonly scratch: Uint8Array[] = [];
  private depth = 0;

  constructor(state: PoolState, handles: HandleTable) {
    this.state = state;
    this.words = state.words;
    this.bytes = state.memory.bytes;
    this.handles = handles;
    this.hugeOrdinal = state.plan.shape.classes.length - 1;
    this.pageBytes = state.plan.pageBytes;
    this.pageWords = state.plan.pageWords;
    this.pagesPerByte = 1 / state.plan.pageBytes;
    this.pageBase = state.plan.pageBase;
    this.indexBits = state.plan.indexBits;
    this.indexMask = (1 << state.plan.indexBits) - 1;
    this.inPageMask = state.plan.pageBytes - 1;
    this.sizes = state.tables.sizeBytes;
  }

  /** Source: zs_obj_read_begin(). */
  begin(handle: number): number {
    const raw = this.handles.rawOf(handle);
    const cell = this.handles.cellOf(raw);
    const { strategy } = this.state;
    const location = cell === 0 ? 0 : strategy.readBegin(cell);
    if (location === 0) throw this.handles.badHandle(handle);
    if (this.locate(location, raw) === 0) {
      strategy.readEnd(this.zspageAt(location));
      throw this.handles.badHandle(handle);
    }
    this.open++;
    return this.offset;
  }

  /** Source: zs_obj_read_end(). The zspage cannot have gone: this agent is inside it. */
  end(offset: number): void {
    // Exact: the page size is a power of two. A division costs as much as half an Atomics call.
    const page = (offset * this.pagesPerByte) | 0;
    const owner = this.words[this.pageBase + page * PAGE.words + pageOwner];
    if (this.open === 0 || owner === undefined || owner === 0) throw this.badToken(offset);
    this.open--;
    this.state.strategy.readEnd(owner >>> OWNER_SHIFT);
  }

  read<T>(use: (bytes: Uint8Array) => T): T {
    const { offset } = this;
    try {
      this.depth++;
      const result = use(this.linear());
      if (result instanceof Promise) {
        throw new ZsmallocError(
          'ERR_ZS_HOLD_UNSUPPORTED',
          'cannot read across await: the callback of read returned a promise, and its view ends with the callback. Copy with readInto, or use hold.',
        );
      }
      return result;
    } finally {
      this.depth--;
      this.end(offset);
    }
  }

  /** Copies the object that the last begin found, and ends it. */
  copyTo(target: Uint8Array, at: number): number {
    const { offset, length, firstBytes, secondOffset } = this;
    try {
      if (!Number.isInteger(at) || at < 0 || at + length > target.length) {
        throw outOfRange('read', at, length, target.length, 'Give a target of at least sizeOf(handle) bytes behind the offset.');
      }
      target.set(this.state.memory.view(offset, firstBytes), at);
      if (firstBytes < length) target.set(this.state.memory.view(secondOffset, length - firstBytes), at + firstBytes);
      return length;
    } finally {
      this.end(offset);
    }
  }

  /** Source: zs_obj_write(). */
  write(handle: number, source: Uint8Array, at: number): void {
    const raw = this.handles.rawOf(handle);
    const cell = this.handles.cellOf(raw);
    const { strategy } = this.state;
    const location = cell === 0 ? 0 : strategy.writeBegin(cell);
    if (location === 0) throw this.handles.badHandle(handle);
    const zspage = this.locate(location, raw);
    try {
      if (zspage === 0) throw this.handles.badHandle(handle);
      if (!Number.isInteger(at) || at < 0 || at + source.length > this.length) {
        throw outOfRange('write', at, source.length, this.length, 'Allocate a larger object; an object keeps its size.');
      }
      this.store(source, at);
    } finally {
      strategy.writeEnd(zspage === 0 ? this.zspageAt(location) : zspage);
    }
  }

  hold(handle: number): Hold {
    const { strategy, definition } = this.state;
    if (!definition.capabilities.holdAcrossAwait) {
      throw new ZsmallocError(
        'ERR_ZS_HOLD_UNSUPPORTED',
        `cannot hold an object: strategy "${definition.id}" does not let readers sleep. Copy with readInto, or create the pool with a strategy whose capabilities say holdAcrossAwait.`,
        { strategy: definition.id },
      );
    }
    const raw = this.handles.rawOf(handle);
    const cell = this.handles.cellOf(raw);
    const location = cell === 0 ? 0 : strategy.holdBegin(cell);
    if (location === 0) throw this.handles.badHandle(handle);
    const zspage = this.locate(location, raw);
    if (zspage === 0) {
      strategy.holdEnd(this.zspageAt(location));
      throw this.handles.badHandle(handle);
    }
    this.open++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.open--;
      strategy.holdEnd(zspage);
    };
    return { length: this.length, segments: this.segments(), release, [Symbol.dispose]: release };
  }

  private zspageAt(location: Location): ZspageIndex {
    return this.state.ownerOf(location) >>> OWNER_SHIFT;
  }

  /** Finds the bytes of an object and confirms its handle; 0 when the place is another object's. Written flat. */
  private locate(location: Location, raw: number): ZspageIndex {
    const { words } = this;
    const page = location >>> this.indexBits;
    const pageWord = this.pageBase + page * PAGE.words;
    const owner = words[pageWord + pageOwner]!;
    const ordinal = owner & OWNER_CLASS_MASK;
    if (ordinal === this.hugeOrdinal) return this.locateHuge(page, owner >>> OWNER_SHIFT, raw);
    const start = ((location & this.indexMask) * this.sizes[ordinal]!) & this.inPageMask;
    const header = page * this.pageWords + (start >>> 2);
    if (words[header] !== ((raw << 1) | 1)) return 0;
    // Plain: a strategy that lets objects be retired beside readers leaves these bits as they are.
    const length = words[header + 1]! & LENGTH_MASK;
    const room = this.pageBytes - start - HEADER_BYTES;
    this.offset = page * this.pageBytes + start + HEADER_BYTES;
    this.length = length;
    this.firstBytes = length;
    if (length > room) {
      this.firstBytes = room;
      // order: acquire, pairs with the page migration that may link another second page beside readers.
      this.secondOffset = Atomics.load(words, pageWord + link) * this.pageBytes;
    }
    return owner >>> OWNER_SHIFT;
  }

  private locateHuge(page: number, zspage: ZspageIndex, raw: number): ZspageIndex {
    const { words } = this;
    if (words[this.pageBase + page * PAGE.words + link] !== ((raw << 1) | 1)) return 0;
    this.offset = page * this.pageBytes;
    this.length = words[this.state.zspageWord(zspage) + freeHead]!;
    this.firstBytes = this.length;
    return zspage;
  }

  private segments(): Uint8Array[] {
    const { offset, length, firstBytes, secondOffset } = this;
    const first = this.state.memory.view(offset, firstBytes);
    return firstBytes === length ? [first] : [first, this.state.memory.view(secondOffset, length - firstBytes)];
  }

  /** One view of the whole object: in place, or a copy where it spans two pages. */
  private linear(): Uint8Array {
    const { offset, length, firstBytes, secondOffset } = this;
    if (firstBytes === length) return this.state.memory.view(offset, length);
    const copy = (this.scratch[this.depth] ??= new Uint8Array(this.pageBytes)).subarray(0, length);
    copy.set(this.state.memory.view(offset, firstBytes));
    copy.set(this.state.memory.view(secondOffset, length - firstBytes), firstBytes);
    return copy;
  }

  private store(source: Uint8Array, at: number): void {
    const { offset, firstBytes, secondOffset, bytes } = this;
    if (at + source.length <= firstBytes) {
      bytes.set(source, offset + at);
    } else if (at >= firstBytes) {
      bytes.set(source, secondOffset + at - firstBytes);
    } else {
      const cut = firstBytes - at;
      bytes.set(source.subarray(0, cut), offset + at);
      bytes.set(source.subarray(cut), secondOffset);
    }
  }

  private badToken(offset: number): ZsmallocError {
    return new ZsmallocError(
      'ERR_ZS_BAD_TOKEN',
      `cannot end a read at offset ${offset}: this agent has no read open there (${this.open} open in all). Pass what readBegin returned, once.`,
      { offset, open: this.open },
    );
  }
}

function outOfRange(verb: string, at: number, length: number, limit: number, advice: string): ZsmallocError {
  return new ZsmallocError('ERR_ZS_OUT_OF_RANGE', `cannot ${verb} ${length} bytes at offset ${String(at)}: only ${limit} bytes are there. ${advice}`, {
    offset: Number(at),
    length,
    limit,
  });
}
