// Kernels: compiled fast paths that do the same to the same words as hot-paths.ts and read-path.ts.
//
// RULES
//   1. A kernel does all of a call, or nothing and says so. Then JavaScript does the call from its start: contention, an
//      alarm, a missing page or cell, a torn object, one to allocate or free that is huge, a bad handle.
//   2. It stores what a death needs to be told in the order in which JavaScript stores it. Recovery knows of no kernels.
//   3. One read at a time is a kernel's: it has the last entry of the agent's `reads`, and the last of its marks where readers
//      mark zspages (own-lines.ts); JavaScript has all others.
//   4. A kernel that was led out of memory by a stray write ends with a RuntimeError, which `asCorrupt` takes for what it is.

import { GROUPS_WITH_ROOM } from './fullness.ts';
import { KEEP_CELLS_MAX } from './handles.ts';
import type { HandleTable } from './handles.ts';
import type { HotPaths } from './hot-paths.ts';
import { asCorrupt } from './invariant.ts';
import { AGENT, CLASS, HEADER, LOCK, PAGE, ZSPAGE } from './layout/records.ts';
import type { Objects } from './objects.ts';
import type { ReadPath } from './read-path.ts';
import type { ClassTables, PoolState } from './state.ts';
import type { Strategy, ZspageIndex } from './strategy/contract.ts';
import { OWN_LINE_WORDS } from './strategy/own-lines.ts';
import type { AgentIndex, WordIndex } from './words/agent.ts';

/** Kernels that a pool may have, for instance `wasm` of @zsmalloc/wasm. */
export interface Kernels {
  /** Memory that kernels can reach, of at least `bytes`; undefined where this runtime has none. */
  allocate(bytes: number): KernelMemory | undefined;
  /** The kernels of one agent; undefined where there are none for this pool or runtime, and JavaScript does everything. */
  bind(host: KernelHost): BoundKernels | undefined;
}

/** Memory of a pool with kernels, for instance a shared WebAssembly.Memory. It can be sent to workers. */
export interface KernelMemory {
  readonly buffer: SharedArrayBuffer;
}

/** One agent's kernels. */
export interface BoundKernels {
  /** A handle; below 1 when nothing was done. `sizeBytes` is an int32. */
  allocate(sizeBytes: number): number;
  /** 0 when it is done. `handle` is an int32. */
  free(handle: number): number;
  /** Offset of the object's first byte, which a write may change as well; below 0 when nothing was done. `handle` is an int32. */
  readBegin(handle: number): number;
  /** 0 when the kernel's read was ended. `offset` is an int32. */
  readEnd(offset: number): number;
  /** Of the last read that began: length, bytes in the first page, offset of the rest. */
  readonly found: Int32Array;
  /** From here on every call says that nothing was done. */
  close(): void;
}

/** What a kernel is built from. */
export interface KernelHost {
  readonly memory: KernelMemory;
  /** Bytes of the pool: the memory behind them is the kernels' own. */
  readonly poolBytes: number;
  readonly pageBytes: number;
  readonly strategy: Pick<Strategy, 'id' | 'version'>;
  readonly agent: AgentIndex;
  readonly tables: ClassTables;
  /** Word indexes, and strides in words. */
  readonly words: KernelWords;
  readonly values: KernelValues;
  /** What kernels leave to JavaScript in the middle of their work, under the class lock. */
  readonly regroup: (ordinal: number, zspage: ZspageIndex) => void;
  readonly giveBackCells: (base: WordIndex) => void;
  readonly carry: (base: WordIndex) => void;
  /** Unlocks a class somebody waits for. */
  readonly unlock: (ordinal: number) => void;
}

/** Tables and fields of records that kernels need. */
export type KernelWords = Readonly<
  Record<
    | ('alarm' | 'disturbed' | 'pool' | 'locks' | 'lockStride' | 'classes' | 'classStride' | 'pages' | 'pageStride')
    | ('zspages' | 'zspageStride' | 'zspageUsage' | 'zspageFreeHead' | 'directory' | 'groupMask' | 'groupHeads')
    | (
        | 'inuse'
        | 'bytesLow'
        | 'cellHead'
        | 'cellTail'
        | 'cellCount'
        | 'pending'
        | 'lookup'
        | 'read'
        | 'mark'
        | 'lastMalloc'
      ),
    WordIndex
  >
>;

/** What is not a place. */
export type KernelValues = Readonly<
  Record<'me' | 'key' | 'indexBits' | 'cellMask' | 'huge' | 'keepCells' | 'roomMask' | 'pagesMax', number>
>;

function wordsOf({ plan, record }: PoolState): KernelWords {
  const { groupMask, groupHeads, inuse, bytesLow, cellHead, cellTail, cellCount, pending } = CLASS.at;
  return {
    alarm: HEADER.at.alarm,
    disturbed: HEADER.at.disturbed,
    pool: plan.poolBase,
    locks: plan.lockBase,
    lockStride: LOCK.words,
    classes: plan.classBase,
    classStride: CLASS.words,
    pages: plan.pageBase,
    pageStride: PAGE.words,
    zspages: plan.zspageBase,
    zspageStride: plan.zspageStride,
    zspageUsage: plan.zspageCore + ZSPAGE.at.usage,
    zspageFreeHead: plan.zspageCore + ZSPAGE.at.freeHead,
    directory: plan.directoryBase,
    groupMask,
    groupHeads,
    inuse,
    bytesLow,
    cellHead,
    cellTail,
    cellCount,
    pending,
    lookup: record + AGENT.at.lookup,
    read: record + AGENT.at.reads + AGENT.fields.reads.words - 1,
    mark: record + AGENT.words + OWN_LINE_WORDS - 1,
    lastMalloc: record + AGENT.at.lastMalloc,
  };
}

function valuesOf({ plan, key, agent }: PoolState): KernelValues {
  return {
    me: agent.index,
    key,
    indexBits: plan.indexBits,
    cellMask: 2 ** plan.cellBits - 1,
    huge: plan.shape.classes.length - 1,
    keepCells: KEEP_CELLS_MAX,
    roomMask: GROUPS_WITH_ROOM,
    pagesMax: plan.pages,
  };
}

/** Binds kernels to an agent's side of a pool; undefined as `Kernels.bind` says. */
export function bindKernels(
  kernels: Kernels,
  state: PoolState,
  handles: HandleTable,
  objects: Objects,
): BoundKernels | undefined {
  const { plan, memory, definition, tables, agent } = state;
  const { kernelMemory } = memory;
  if (kernelMemory === undefined) return undefined;
  return kernels.bind({
    memory: kernelMemory,
    poolBytes: memory.bytes.length,
    pageBytes: plan.pageBytes,
    strategy: definition,
    agent: agent.index,
    tables,
    words: wordsOf(state),
    values: valuesOf(state),
    regroup: (ordinal, zspage) => objects.regroup(ordinal, zspage),
    giveBackCells: (base) => handles.giveBack(base, KEEP_CELLS_MAX / 2),
    carry: (base) => objects.carry(base),
    unlock: (ordinal) => state.strategy.unlock(ordinal),
  });
}

/** malloc and free by kernels where they can. */
export function kernelHotPaths(kernels: BoundKernels, hot: HotPaths): HotPaths {
  return {
    ...hot,
    allocate: (sizeBytes) => {
      const handle = (sizeBytes | 0) === sizeBytes ? kernels.allocate(sizeBytes) : 0;
      return handle > 0 ? handle : hot.allocate(sizeBytes);
    },
    free: (handle) => {
      if ((handle | 0) !== handle || kernels.free(handle) !== 0) hot.free(handle);
    },
  };
}

/** Reads by kernels where they can. */
export function kernelReadPath(kernels: BoundKernels, path: ReadPath): ReadPath {
  const { place } = path;
  const { found } = kernels;

  function readBegin(handle: number): number {
    try {
      return kernels.readBegin(handle);
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  function tryBegin(handle: number): boolean {
    const offset = (handle | 0) === handle ? readBegin(handle) : -1;
    if (offset < 0) return false;
    place.offset = offset;
    place.length = found[0]!;
    place.firstBytes = found[1]!;
    place.secondOffset = found[2]!;
    place.isTorn = false;
    place.open++;
    return true;
  }

  return {
    ...path,
    tryBegin,
    begin: (handle, evenTorn) => (tryBegin(handle) ? place.offset : path.begin(handle, evenTorn)),
    end: (offset) => {
      if ((offset | 0) === offset && kernels.readEnd(offset) === 0) place.open--;
      else path.end(offset);
    },
  };
}
