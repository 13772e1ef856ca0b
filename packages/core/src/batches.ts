// Many objects in one call, under as few locks as they need.
//
// RULES
//   1. An object that the section of the one before protects as well needs none of its own. Which those are, the strategy says.
//   2. A batch is no transaction: what comes before an object that cannot be read or written is done.
//   3. Each object is written whole, and named in the agent's record meanwhile, as in access.ts.

import type { HandleTable } from './handles.ts';
import { asCorrupt } from './invariant.ts';
import { AGENT } from './layout/records.ts';
import type { ObjectBytes } from './object-bytes.ts';
import { outOfRange } from './out-of-range.ts';
import { tornError } from './read-path.ts';
import type { ReadPath } from './read-path.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';

/** What batches work with. */
export interface BatchParts {
  readonly state: PoolState;
  readonly handles: HandleTable;
  readonly path: ReadPath;
  readonly bytes: ObjectBytes;
  /** Ends the mark that an object is torn. */
  readonly mend: (handle: number) => void;
}

/** See the head of the file. */
export class Batches {
  private readonly state: PoolState;
  private readonly handles: HandleTable;
  private readonly path: ReadPath;
  private readonly bytes: ObjectBytes;
  private readonly mend: BatchParts['mend'];
  private readonly writing: WordIndex;

  constructor({ state, handles, path, bytes, mend }: BatchParts) {
    this.state = state;
    this.handles = handles;
    this.path = path;
    this.bytes = bytes;
    this.mend = mend;
    this.writing = state.record + AGENT.at.writing;
  }

  /** Copies objects one behind another, in one section of the strategy as far as that protects them. */
  read(handles: ArrayLike<number>, target: Uint8Array, at: number, ends: Uint32Array | undefined): number {
    this.state.checkAlarm();
    const { strategy } = this.state;
    const { place, locate } = this.path;
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
        if (locate(location, raw) === 0) throw this.handles.badHandle(handles[i]!);
        if (place.isTorn) throw tornError(handles[i]!);
        this.checkRoom('read', to, place.length, target.length);
        this.bytes.load(target, to);
        to += place.length;
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
  write(handles: ArrayLike<number>, source: Uint8Array, at: number): number {
    this.state.checkAlarm();
    const { strategy, words } = this.state;
    const { place, locate } = this.path;
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
        if (locate(location, raw) === 0) throw this.handles.badHandle(handles[i]!);
        const { length, isTorn } = place;
        this.checkRoom('write', from, length, source.length);
        if (isTorn) mended.push(handles[i]!);
        // Plain: as in access.ts.
        words[this.writing] = (raw << 1) | 1;
        this.bytes.store(source.subarray(from, from + length), 0);
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

  private zspageAt(location: Location): ZspageIndex {
    return this.state.ownerOf(location) >>> OWNER_SHIFT;
  }
}
