// Reading and writing objects in place.
//
// RULES
//   1. Bytes are touched between a begin and an end of the strategy, and after the header has confirmed the handle.
//   2. A writer of bytes excludes movers, not other users of the same object: that is for users to arrange.
//   3. An end never waits.
//   4. While an agent changes bytes, its record names the object: should it die, the object is marked as torn, and reads of it
//      throw until somebody has written all of it.

import { Batches } from './batches.ts';
import { ZsmallocError } from './errors.ts';
import { asCorrupt } from './invariant.ts';
import type { HandleTable } from './handles.ts';
import { kernelReadPath } from './kernels.ts';
import type { BoundKernels } from './kernels.ts';
import { readPath, tornError } from './read-path.ts';
import type { Place, ReadPath } from './read-path.ts';
import { AGENT } from './layout/records.ts';
import { ObjectBytes } from './object-bytes.ts';
import { outOfRange } from './out-of-range.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import { setTorn } from './torn.ts';
import type { Hold } from './api.ts';

/** See the head of the file. */
export class Access {
  /** The object that the last begin found. */
  readonly place: Place;
  readonly begin: ReadPath['begin'];
  readonly end: ReadPath['end'];
  readonly batches: Batches;

  private readonly state: PoolState;
  private readonly bytes: ObjectBytes;
  private readonly handles: HandleTable;
  private readonly locate: ReadPath['locate'];
  private readonly tryBegin: ReadPath['tryBegin'];
  /** Nesting depth of `read`. */
  private depth = 0;
  private readonly writing: WordIndex;

  constructor(state: PoolState, handles: HandleTable, kernels: BoundKernels | undefined) {
    this.state = state;
    this.handles = handles;
    this.writing = state.record + AGENT.at.writing;
    const plain = readPath(state, handles);
    const path = kernels === undefined ? plain : kernelReadPath(kernels, plain);
    this.place = path.place;
    this.begin = path.begin;
    this.end = path.end;
    this.locate = path.locate;
    this.tryBegin = path.tryBegin;
    this.bytes = new ObjectBytes(state, path.place);
    this.batches = new Batches({ state, handles, path, bytes: this.bytes, mend: (handle) => this.mend(handle) });
  }

  read<T>(use: (bytes: Uint8Array) => T): T {
    const { offset } = this.place;
    try {
      this.depth++;
      const result = use(this.bytes.linear(this.depth));
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
      this.bytes.load(target, at);
      return length;
    } finally {
      this.end(offset);
    }
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
      this.bytes.store(source, at);
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
      this.bytes.store(source, at);
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
    return { length: this.place.length, segments: this.bytes.segments(), release, [Symbol.dispose]: release };
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
}
