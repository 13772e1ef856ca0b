// malloc and free where nothing is missing: a slot that was used before, a free cell at hand, no huge object.
//
// These are closures over one pool's constants and written flat, on purpose. As methods that go through fields and small
// helpers the same steps cost 45 ns more per malloc and free, twice what the steps themselves cost. What is rare is in
// objects.ts, and each step here undoes, or is undone by, its counterpart.

import { GROUPS_WITH_ROOM } from './fullness.ts';
import { CELL_FREE, HANDLE_MASK, KEEP_CELLS_MAX } from './handles.ts';
import type { HandleTable } from './handles.ts';
import { AGENT, CLASS, HEADER, LENGTH_MASK, PAGE, ZSPAGE } from './layout/records.ts';
import { badSize } from './out-of-range.ts';
import { BYTES_UNIT } from './objects.ts';
import type { Objects } from './objects.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location } from './strategy/contract.ts';
import { USAGE_GROUP_SHIFT, USAGE_INUSE_MASK } from './zspages.ts';

const { groupMask, groupHeads, inuse, bytesLow, cellHead, cellTail, cellCount, pending } = CLASS.at;
const { alarm } = HEADER.at;
const { usage, freeHead } = ZSPAGE.at;
const CLASS_WORDS = CLASS.words;
const PAGE_WORDS = PAGE.words;

/** See the head of the file. */
export interface HotPaths {
  /** Allocates; 0 when the pool is full. */
  allocate(sizeBytes: number): number;
  free(handle: number): void;
  /** Part of StrategyHost. */
  reclaimObject(location: Location): void;
}

/** Builds the hot paths of a pool. */
export function hotPaths(state: PoolState, handles: HandleTable, objects: Objects): HotPaths {
  const { words, key, plan, tables } = state;
  const { pageBytes, pageWords, pageBase, classBase, zspageStride, indexBits, directoryBase } = plan;
  const { ofRequest, sizeBytes: sizes, groups, groupBase } = tables;
  const zspageBase = state.zspageWord(0);
  const hugeOrdinal = plan.shape.classes.length - 1;
  const indexMask = (1 << indexBits) - 1;
  const inPageMask = pageBytes - 1;
  const { cellMask } = handles;
  const generationMask = HANDLE_MASK & ~cellMask;
  const cellPageShift = plan.pageShift - 2;
  const cellInPage = pageWords - 1;
  const lastMalloc = state.record + AGENT.at.lastMalloc;

  function allocate(sizeBytes: number): number {
    if ((sizeBytes | 0) !== sizeBytes || sizeBytes < 1 || sizeBytes > pageBytes) throw badSize(sizeBytes, pageBytes);
    if (words[alarm] !== 0) state.checkAlarm();
    const ordinal = ofRequest[(sizeBytes + 7) >>> 3]!;
    const { strategy } = state;
    strategy.lock(ordinal);
    const base = classBase + ordinal * CLASS_WORDS;
    const cell = words[base + cellHead]!;
    const found = words[base + groupMask]! & GROUPS_WITH_ROOM;
    if (cell === 0 || found === 0 || ordinal === hugeOrdinal) return objects.allocateSlow(ordinal, base, sizeBytes);
    const group = 31 - Math.clz32(found);
    const zspage = words[base + groupHeads + group]!;
    const record = zspageBase + zspage * zspageStride;
    const location = words[record + freeHead]!;
    if (location === 0) return objects.allocateSlow(ordinal, base, sizeBytes);

    const cellWord = words[directoryBase + (cell >>> cellPageShift)]! * pageWords + (cell & cellInPage);
    const value = words[cellWord]!;
    const raw = (value & generationMask) | cell;
    const tagged = (raw << 1) | 1;
    // Plain, like all under the lock: should this agent die before it unlocks, the object is to be undone.
    words[base + pending] = tagged;
    const slot =
      (location >>> indexBits) * pageWords + ((((location & indexMask) * sizes[ordinal]!) & inPageMask) >>> 2);
    words[record + freeHead] = words[slot]! >>> 1;
    const used = words[record + usage]! + 1;
    words[record + usage] = used;
    if (groups[groupBase[ordinal]! + (used & USAGE_INUSE_MASK)] !== group) objects.regroup(ordinal, zspage);

    const following = value & cellMask;
    words[base + cellHead] = following;
    if (following === 0) words[base + cellTail] = 0;
    words[base + cellCount]! -= 1;
    words[slot] = tagged;
    words[slot + 1] = sizeBytes;
    words[base + inuse]! += 1;
    const low = words[base + bytesLow]! + sizeBytes;
    words[base + bytesLow] = low;
    if (low >= BYTES_UNIT) objects.carry(base);
    // Plain: nobody else has the handle yet, and whoever hands it over orders this before the other agent's reads.
    words[cellWord] = location;
    words[lastMalloc] = tagged;
    words[base + pending] = 0;
    strategy.unlock(ordinal);
    return raw ^ key;
  }

  function free(handle: number): void {
    if ((handle | 0) !== handle || handle <= 0 || handle > HANDLE_MASK) throw handles.badHandle(handle);
    if (words[alarm] !== 0) state.checkAlarm();
    const raw = handle ^ key;
    const page = words[directoryBase + ((raw & cellMask) >>> cellPageShift)]!;
    const cell = page * pageWords + (raw & cellMask & cellInPage);
    const { strategy } = state;
    const ordinal = page === 0 ? -1 : strategy.lockClassOf(cell);
    if (ordinal < 0) throw handles.badHandle(handle);
    const location = words[cell]!;
    const header =
      ordinal === hugeOrdinal
        ? state.headerWord(ordinal, location)
        : (location >>> indexBits) * pageWords + ((((location & indexMask) * sizes[ordinal]!) & inPageMask) >>> 2);
    if (words[header] !== ((raw << 1) | 1)) {
      strategy.unlock(ordinal);
      throw handles.badHandle(handle);
    }
    // Plain: should this agent die before it unlocks, the free is to be finished.
    words[classBase + ordinal * CLASS_WORDS + pending] = (raw << 1) | 1;
    strategy.retireObject(cell, location);
    words[classBase + ordinal * CLASS_WORDS + pending] = 0;
    strategy.unlock(ordinal);
  }

  function reclaimObject(location: Location): void {
    const owner = words[pageBase + (location >>> indexBits) * PAGE_WORDS]!;
    const ordinal = owner & OWNER_CLASS_MASK;
    if (ordinal === hugeOrdinal) {
      objects.reclaimHuge(location);
      return;
    }
    const base = classBase + ordinal * CLASS_WORDS;
    const slot =
      (location >>> indexBits) * pageWords + ((((location & indexMask) * sizes[ordinal]!) & inPageMask) >>> 2);
    const tagged = words[slot]!;
    words[base + pending] = tagged;
    const raw = tagged >>> 1;
    words[base + inuse]! -= 1;
    const low = words[base + bytesLow]! - (words[slot + 1]! & LENGTH_MASK);
    words[base + bytesLow] = low;
    if (low < 0) objects.carry(base);

    const cell = raw & cellMask;
    // Plain: whoever still looks at the cell does so by mistake, and finds either value.
    words[words[directoryBase + (cell >>> cellPageShift)]! * pageWords + (cell & cellInPage)] =
      CELL_FREE | ((raw + cellMask + 1) & generationMask);
    const tail = words[base + cellTail]!;
    if (tail === 0) words[base + cellHead] = cell;
    else words[words[directoryBase + (tail >>> cellPageShift)]! * pageWords + (tail & cellInPage)]! += cell;
    words[base + cellTail] = cell;
    const cells = words[base + cellCount]! + 1;
    words[base + cellCount] = cells;
    if (cells > KEEP_CELLS_MAX) handles.giveBack(base, KEEP_CELLS_MAX / 2);

    const zspage = owner >>> OWNER_SHIFT;
    const record = zspageBase + zspage * zspageStride;
    words[slot] = words[record + freeHead]! << 1;
    words[record + freeHead] = location;
    const used = words[record + usage]! - 1;
    words[record + usage] = used;
    const group = groups[groupBase[ordinal]! + (used & USAGE_INUSE_MASK)];
    if (group !== used >>> USAGE_GROUP_SHIFT) objects.regroup(ordinal, zspage);
    words[base + pending] = 0;
  }

  return { allocate, free, reclaimObject };
}
