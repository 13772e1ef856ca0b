// Reading and writing objects in place. An object spans at most two pages.
//
// RULES
//   1. Bytes are touched between a begin and an end of the strategy, and after the header has confirmed the handle.
//   2. A writer of bytes excludes movers, not other users of the same object: that is for users to arrange.
//   3. An end never waits.
//   4. While an agent changes bytes, its record names the object: should it die, the object is marked as torn, and reads of it
//      throw until somebody has written all of it.

import { ZsmallocError } from './errors.ts';
import { asCorrupt } from './invariant.ts';
import type { HandleTable } from './handles.ts';
import { kernelReadPath } from './kernels.ts';
import type { BoundKernels } from './kernels.ts';
import { readPath, tornError } from './read-path.ts';
import type { Place, ReadPath } from './read-path.ts';
import { AGENT } from './layout/records.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import { setTorn } from './torn.ts';
import type { Hold } from './api.ts';

/**
 * Up to so many bytes are copied by words: making a view costs 23 ns (Node 20), 48 bytes by words 20, 64 bytes 26. The other
 * way a set of the whole source needs no view. Words are bytes in order on little-endian machines only.
 */
const BY_WORDS_MAX: number = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 48 : 0;

/** See the head of the file. */
export class Access {
  /** The object that the last begin found. */
  readonly place: Place;
  readonly begin: ReadPath['begin'];
  readonly end: ReadPath['end'];

  private readonly state: PoolState;
  private readonly bytes: Uint8Array;
  private readonly handles: HandleTable;
  private readonly locate: ReadPath['locate'];
  private readonly tryBegin: ReadPath['tryBegin'];
  /** Copies of objects that span two pages, by nesting depth of `read`. */
  private readonly scratch: Uint8Array[] = [];
  private depth = 0;
  private readonly writing: WordIndex;

  constructor(state: PoolState, handles: HandleTable, kernels: BoundKernels | undefined) {
    this.state = state;
    this.bytes = state.memory.bytes;
    this.handles = handles;
    this.writing = state.record + AGENT.at.writing;
    const plain = readPath(state, handles);
    const path = kernels === undefined ? plain : kernelReadPath(kernels, plain);
    this.place = path.place;
    this.begin = path.begin;
    this.end = path.end;
    this.locate = path.locate;
    this.tryBegin = path.tryBegin;
  }

  read<T>(use: (bytes: Uint8Array) => T): T {
    const { offset } = this.place;
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
    const { offset, length } = this.place;
    try {
      if (!Number.isInteger(at) || at < 0 || at + length > target.length) {
        throw outOfRange(
          'read',
          at,
          length,
          target.length,
          'Give a target of at least sizeOf(handle) bytes behind the offset.',
        );
      }
      this.load(target, at);
      return length;
    } finally {
      this.end(offset);
    }
  }

  /** Copies objects one behind another, in one section of the strategy as far as that protects them. */
  readMany(handles: ArrayLike<number>, target: Uint8Array, at: number, ends: Uint32Array | undefined): number {
    this.state.checkAlarm();
    const { strategy } = this.state;
    let zspage = 0;
    let to = at;
    try {
      for (let i = 0; i < handles.length; i++) {
        const raw = this.handles.rawOf(handles[i]!);
        const cell = this.handles.cellOf(raw);
        let location = zspage === 0 || cell === 0 ? 0 : (strategy.readNext?.(cell, zspage) ?? 0);
        if (location === 0) {
          if (zspage !== 0) strategy.readEnd(zspage);
          zspage = 0;
          location = cell === 0 ? 0 : strategy.readBegin(cell);
          if (location === 0) throw this.handles.badHandle(handles[i]!);
        }
        zspage = this.zspageAt(location);
        if (this.locate(location, raw) === 0) throw this.handles.badHandle(handles[i]!);
        if (this.place.isTorn) throw tornError(handles[i]!);
        this.checkRoom('read', to, this.place.length, target.length);
        this.load(target, to);
        to += this.place.length;
        if (ends !== undefined) ends[i] = to;
      }
    } catch (error) {
      throw asCorrupt(error);
    } finally {
      if (zspage !== 0) strategy.readEnd(zspage);
    }
    return to - at;
  }

  /** Fills objects, each whole, from bytes that follow each other. */
  writeMany(handles: ArrayLike<number>, source: Uint8Array, at: number): number {
    this.state.checkAlarm();
    const { strategy, words } = this.state;
    const mended: number[] = [];
    let zspage = 0;
    let from = at;
    try {
      for (let i = 0; i < handles.length; i++) {
        const raw = this.handles.rawOf(handles[i]!);
        const cell = this.handles.cellOf(raw);
        let location = zspage === 0 || cell === 0 ? 0 : (strategy.writeNext?.(cell, zspage) ?? 0);
        if (location === 0) {
          if (zspage !== 0) strategy.writeEnd(zspage);
          zspage = 0;
          location = cell === 0 ? 0 : strategy.writeBegin(cell);
          if (location === 0) throw this.handles.badHandle(handles[i]!);
        }
        zspage = this.zspageAt(location);
        if (this.locate(location, raw) === 0) throw this.handles.badHandle(handles[i]!);
        const { length, isTorn } = this.place;
        this.checkRoom('write', from, length, source.length);
        if (isTorn) mended.push(handles[i]!);
        // Plain: as in write.
        words[this.writing] = (raw << 1) | 1;
        this.store(source.subarray(from, from + length), 0);
        words[this.writing] = 0;
        from += length;
      }
    } catch (error) {
      throw asCorrupt(error);
    } finally {
      if (zspage !== 0) strategy.writeEnd(zspage);
      for (const handle of mended) this.mend(handle);
    }
    return from - at;
  }

  private checkRoom(verb: 'read' | 'write', at: number, length: number, limit: number): void {
    if (Number.isInteger(at) && at >= 0 && at + length <= limit) return;
    throw outOfRange(
      verb,
      at,
      length,
      limit,
      'Give a buffer of at least the lengths of all objects behind the offset.',
    );
  }

  /** Source: zs_obj_write(). */
  write(handle: number, source: Uint8Array, at: number): void {
    if (this.tryBegin?.(handle) === true) {
      this.writeFound(handle, source, at);
      return;
    }
    this.state.checkAlarm();
    const raw = this.handles.rawOf(handle);
    const cell = this.handles.cellOf(raw);
    const { strategy } = this.state;
    const location = cell === 0 ? 0 : this.beginWrite(cell);
    if (location === 0) throw this.handles.badHandle(handle);
    const { words } = this.state;
    let zspage = 0;
    let mends = false;
    try {
      zspage = this.locate(location, raw);
      if (zspage === 0) throw this.handles.badHandle(handle);
      this.checkWrite(source, at);
      mends = this.place.isTorn && source.length === this.place.length;
      // Plain: read by others only when this agent is dead, and then ordered by its certificate.
      words[this.writing] = (raw << 1) | 1;
      this.store(source, at);
      words[this.writing] = 0;
    } finally {
      strategy.writeEnd(zspage === 0 ? this.zspageAt(location) : zspage);
    }
    if (mends) this.mend(handle);
  }

  /** Writes to the object that a kernel has found, and ends that. */
  private writeFound(handle: number, source: Uint8Array, at: number): void {
    const { words } = this.state;
    const { offset } = this.place;
    try {
      this.checkWrite(source, at);
      // Plain: as in write.
      words[this.writing] = (this.handles.rawOf(handle) << 1) | 1;
      this.store(source, at);
      words[this.writing] = 0;
    } finally {
      this.end(offset);
    }
  }

  private checkWrite(source: Uint8Array, at: number): void {
    if (Number.isInteger(at) && at >= 0 && at + source.length <= this.place.length) return;
    throw outOfRange(
      'write',
      at,
      source.length,
      this.place.length,
      'Allocate a larger object; an object keeps its size.',
    );
  }

  /** Ends the mark that an object is torn; without effect on others. */
  mend(handle: number): void {
    this.state.checkAlarm();
    const raw = this.handles.rawOf(handle);
    const cell = this.handles.cellOf(raw);
    const { strategy, words } = this.state;
    const ordinal = cell === 0 ? -1 : strategy.lockClassOf(cell);
    if (ordinal < 0) throw this.handles.badHandle(handle);
    const isMended = setTorn(this.state, ordinal, words[cell]!, raw, false);
    strategy.unlock(ordinal);
    if (!isMended) throw this.handles.badHandle(handle);
  }

  hold(handle: number): Hold {
    this.state.checkAlarm();
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
    const location = cell === 0 ? 0 : this.beginHold(cell);
    if (location === 0) throw this.handles.badHandle(handle);
    const zspage = this.locateOrEnd(location, raw, (at) => strategy.holdEnd(at));
    if (zspage === 0 || this.place.isTorn) {
      strategy.holdEnd(this.zspageAt(location));
      throw zspage === 0 ? this.handles.badHandle(handle) : tornError(handle);
    }
    this.place.open++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.place.open--;
      strategy.holdEnd(zspage);
    };
    return { length: this.place.length, segments: this.segments(), release, [Symbol.dispose]: release };
  }

  /** `locate`; what it throws ends the section first. */
  private locateOrEnd(location: Location, raw: number, end: (zspage: ZspageIndex) => void): ZspageIndex {
    try {
      return this.locate(location, raw);
    } catch (error) {
      end(this.zspageAt(location));
      throw error;
    }
  }

  private beginWrite(cell: WordIndex): Location {
    try {
      return this.state.strategy.writeBegin(cell);
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  private beginHold(cell: WordIndex): Location {
    try {
      return this.state.strategy.holdBegin(cell);
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  private zspageAt(location: Location): ZspageIndex {
    return this.state.ownerOf(location) >>> OWNER_SHIFT;
  }

  private segments(): Uint8Array[] {
    const { offset, length, firstBytes, secondOffset } = this.place;
    const first = this.state.memory.view(offset, firstBytes);
    return firstBytes === length ? [first] : [first, this.state.memory.view(secondOffset, length - firstBytes)];
  }

  /** One view of the whole object: in place, or a copy where it spans two pages. */
  private linear(): Uint8Array {
    const { offset, length, firstBytes, secondOffset } = this.place;
    if (firstBytes === length) return this.state.memory.view(offset, length);
    const copy = (this.scratch[this.depth] ??= new Uint8Array(this.state.plan.pageBytes)).subarray(0, length);
    copy.set(this.state.memory.view(offset, firstBytes));
    copy.set(this.state.memory.view(secondOffset, length - firstBytes), firstBytes);
    return copy;
  }

  /** Copies the object that was found to `target`. */
  private load(target: Uint8Array, at: number): void {
    const { offset, length, firstBytes, secondOffset } = this.place;
    if (length <= BY_WORDS_MAX && firstBytes === length) {
      copyByWords(this.state.words, offset, length, target, at);
      return;
    }
    target.set(this.state.memory.view(offset, firstBytes), at);
    if (firstBytes < length) target.set(this.state.memory.view(secondOffset, length - firstBytes), at + firstBytes);
  }

  private store(source: Uint8Array, at: number): void {
    const { bytes } = this;
    const { offset, firstBytes, secondOffset } = this.place;
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
}

function outOfRange(verb: string, at: number, length: number, limit: number, advice: string): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_OUT_OF_RANGE',
    `cannot ${verb} ${length} bytes at offset ${String(at)}: only ${limit} bytes are there. ${advice}`,
    {
      offset: Number(at),
      length,
      limit,
    },
  );
}

/** Copies `length` bytes from byte `offset`, a multiple of 4, to `target`. */
function copyByWords(words: Int32Array, offset: number, length: number, target: Uint8Array, at: number): void {
  let to = at;
  let word = offset >>> 2;
  for (const end = at + (length & ~3); to < end; to += 4) {
    const four = words[word++]!;
    target[to] = four;
    target[to + 1] = four >>> 8;
    target[to + 2] = four >>> 16;
    target[to + 3] = four >>> 24;
  }
  if (to === at + length) return;
  for (let rest = words[word]!; to < at + length; rest >>>= 8) target[to++] = rest;
}
