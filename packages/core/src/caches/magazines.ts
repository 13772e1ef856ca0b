// The magazines of a pool's caches: for each agent and size class, a list of slots that are in nobody's use.
//
// A cached slot is in use for its class: its cell names it, and its zspage counts it. Its header has the handle of the
// slot's next object, with the sign set, so nobody has a handle that agrees with it. The list runs through the words in which
// objects have their lengths. What it lists are headers: of huge objects these are not in the slot.
//
// RULES
//   1. While `lease` is set, the magazine is its agent's alone. It is set under the class lock, and cleared by the agent.
//   2. Else it is under the class lock: whoever has that may take all out of it.
//   3. Each class has a depot: a magazine of no agent, always at rest. A full magazine gives its list to an empty depot, and an
//      empty one takes it. A death in between leaves the list to both.
//   4. `pending` names an object before it goes in or out, and still does afterwards. So of a magazine whose agent died, or
//      that somebody died over, at most the object that `pending` names is cached and in no list.

import { GROUPS_WITH_ROOM } from '../fullness.ts';
import { isLocation } from '../handles.ts';
import type { HandleTable } from '../handles.ts';
import type { HotPaths } from '../hot-paths.ts';
import { expectInvariant, stepOf } from '../invariant.ts';
import { CACHE, CACHED, CLASS, DEPOT, MAGAZINE } from '../layout/records.ts';
import { BYTES_UNIT, PENDING_OTHER } from '../objects.ts';
import type { Objects } from '../objects.ts';
import type { PoolState } from '../state.ts';
import type { AgentIndex, WordIndex, Words } from '../words/agent.ts';
import type { ZspageLists } from '../zspages.ts';
import { bytesAdded } from './survey.ts';

const { lease, head, count, bytes, pending } = MAGAZINE.at;

/** See the head of the file. */
export class Magazines {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;
  private readonly reclaimObject: HotPaths['reclaimObject'];

  constructor(state: PoolState, handles: HandleTable, lists: ZspageLists, objects: Objects) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.lists = lists;
    this.objects = objects;
    this.reclaimObject = objects.hot.reclaimObject;
  }

  /** First word of a magazine. */
  of(agent: AgentIndex, ordinal: number): WordIndex {
    const { cacheBase, cacheStride } = this.state.plan;
    return cacheBase + agent * cacheStride + CACHE.words + ordinal * MAGAZINE.words;
  }

  isLeased(magazine: WordIndex): boolean {
    // order: acquire, pairs with the end of a lease. Under the class lock, "no" stays true.
    return Atomics.load(this.words, magazine + lease) !== 0;
  }

  /** Gives the list of a magazine to the depot, if that is empty. Caller holds: the class lock, and may use the magazine. */
  give(ordinal: number, magazine: WordIndex): boolean {
    return this.handOver(ordinal, magazine, this.of(DEPOT, ordinal));
  }

  /** Takes what the depot has, if the magazine is empty. False when nothing came. Caller holds: as for `give`. */
  take(ordinal: number, magazine: WordIndex): boolean {
    return this.handOver(ordinal, this.of(DEPOT, ordinal), magazine);
  }

  private handOver(ordinal: number, from: WordIndex, to: WordIndex): boolean {
    const { words } = this;
    if (words[from + head] === 0 || words[to + head] !== 0) return false;
    const changes = this.state.classWord(ordinal) + CLASS.at.pending;
    words[changes] = PENDING_OTHER;
    // Nothing is on its way. What it names is about to be another's.
    words[from + pending] = 0;
    words[to + count] = words[from + count]!;
    words[to + head] = words[from + head]!;
    words[from + head] = 0;
    words[from + count] = 0;
    words[changes] = 0;
    return true;
  }

  /** Where a death has left a list to a magazine and to the depot, the depot goes without. Caller holds: the class lock. */
  mendDepot(ordinal: number): void {
    const { words, state } = this;
    const depot = this.of(DEPOT, ordinal);
    for (let agent = 1; agent <= state.plan.agentsMax; agent++) {
      if (words[this.of(agent, ordinal) + head] === words[depot + head]) words[depot + head] = 0;
    }
    this.mend(ordinal, depot);
  }

  /** Takes up to `most` slots that need no new page and no new cell. Caller holds: the class lock, and may use the magazine. */
  stock(ordinal: number, magazine: WordIndex, most: number): void {
    const { words, state, handles, lists } = this;
    const base = state.classWord(ordinal);
    for (let i = 0; i < most && words[base + CLASS.at.cellCount] !== 0; i++) {
      const zspage = lists.fullest(base, GROUPS_WITH_ROOM);
      if (zspage === 0 || lists.mustGrow(ordinal, zspage)) return;
      const tagged = (handles.first(base) << 1) | 1;
      words[base + CLASS.at.pending] = tagged;
      words[magazine + pending] = tagged;
      const location = lists.takeSlotOf(ordinal, base, zspage);
      const raw = handles.take(base);
      const slot = state.headerWord(ordinal, location);
      words[state.lengthWord(ordinal, slot)] = words[magazine + head]!;
      words[slot] = tagged | CACHED;
      words[base + CLASS.at.inuse]! += 1;
      words[handles.cellWord(raw & handles.cellMask)] = location;
      words[magazine + head] = slot;
      words[magazine + count]! += 1;
      words[base + CLASS.at.pending] = 0;
    }
  }

  /** Frees slots of a magazine until `keep` are left. Caller holds: the class lock, and may use the magazine. */
  flush(ordinal: number, magazine: WordIndex, keep: number): void {
    const { words } = this;
    const base = this.state.classWord(ordinal);
    this.countBytes(base, magazine);
    for (let left = words[magazine + count]!; left > keep; left--) {
      const slot = words[magazine + head]!;
      const header = words[slot]!;
      const location = this.locationOf(header);
      const isCached = slot !== 0 && header < 0 && location !== 0;
      expectInvariant(
        isCached,
        'caches-listed',
        `a magazine of class ${ordinal} lists a slot that is not cached,`,
        slot,
      );
      const tagged = header & ~CACHED;
      // First: should this agent die, the object is to be freed whichever of these it has come to.
      words[base + CLASS.at.pending] = tagged;
      words[magazine + pending] = tagged;
      const second = this.state.lengthWord(ordinal, slot);
      words[magazine + head] = words[second]!;
      words[magazine + count] = left - 1;
      words[second] = 0;
      words[slot] = tagged;
      this.reclaimObject(location);
    }
  }

  /** Lets the class count what a magazine's mallocs and frees have added. Caller holds: the class lock. */
  private countBytes(base: WordIndex, magazine: WordIndex): void {
    const { words } = this;
    if (words[magazine + bytes] === 0) return;
    words[base + CLASS.at.pending] = PENDING_OTHER;
    const low = words[base + CLASS.at.bytesLow]! + words[magazine + bytes]!;
    words[base + CLASS.at.bytesLow] = low;
    words[magazine + bytes] = 0;
    if (low < 0 || low >= BYTES_UNIT) this.objects.carry(base);
    words[base + CLASS.at.pending] = 0;
  }

  /** A class has counted the lengths of its objects anew: what magazines have added is in that already. */
  balance(ordinal: number): void {
    const { words } = this;
    const base = this.state.classWord(ordinal);
    words[base + CLASS.at.bytesLow]! -= bytesAdded(this.state, ordinal);
    const low = words[base + CLASS.at.bytesLow]!;
    if (low < 0 || low >= BYTES_UNIT) this.objects.carry(base);
  }

  /**
   * Makes a magazine that somebody died over whole, as far as anything is cached in it: the object that was on its way goes
   * back in, and is counted. Caller holds: the class lock; nobody leases the magazine.
   */
  mend(ordinal: number, magazine: WordIndex): void {
    const { words } = this;
    const slots = this.slotsOf(ordinal, magazine);
    const tagged = words[magazine + pending]!;
    const location = tagged === 0 ? 0 : this.locationOf(tagged);
    const slot = location === 0 ? 0 : this.slotIn(ordinal, location);
    if (slot !== 0 && words[slot] === (tagged | CACHED) && !slots.has(slot)) {
      words[this.state.lengthWord(ordinal, slot)] = words[magazine + head]!;
      words[magazine + head] = slot;
      slots.add(slot);
    }
    words[magazine + count] = slots.size;
  }

  /** The slots of a magazine. @throws ERR_ZS_CORRUPT when it lists anything but cached slots of its class. */
  slotsOf(ordinal: number, magazine: WordIndex): Set<WordIndex> {
    const { words } = this;
    const found = new Set<WordIndex>();
    let steps = this.state.plan.cellsMax;
    for (let slot = words[magazine + head]!; slot !== 0;) {
      steps = stepOf(steps, `a magazine of class ${ordinal} with slot`, slot);
      const location = this.locationOf(words[slot] ?? 0);
      const isCached = words[slot]! < 0 && location !== 0 && this.slotIn(ordinal, location) === slot;
      expectInvariant(isCached && !found.has(slot), 'caches-listed', `a magazine of class ${ordinal} lists slot`, slot);
      found.add(slot);
      slot = words[this.state.lengthWord(ordinal, slot)]!;
    }
    return found;
  }

  /** Where the cell of a header's handle says that its object is; 0 for nowhere. */
  private locationOf(header: number): number {
    const cell = this.handles.cellOf((header & ~CACHED) >>> 1);
    const location = cell === 0 ? 0 : this.words[cell]!;
    return isLocation(location) ? location : 0;
  }

  /** Header of the slot at a location, if that is one of the class; else 0. */
  private slotIn(ordinal: number, location: number): WordIndex {
    const { state } = this;
    return state.classAt(location) === ordinal ? state.headerWord(ordinal, location) : 0;
  }
}
