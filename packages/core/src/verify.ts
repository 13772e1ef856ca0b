// Checks every structural invariant of a pool, each by name.
//
// Source: the invariants of the allocator, as docs/INVARIANTS.md lists them.

import { Accounts, nothingSeen } from './accounts.ts';
import type { AgentCaches } from './caches/agent-caches.ts';
import type { Magazines } from './caches/magazines.ts';
import { bytesAdded, cachedIn } from './caches/survey.ts';
import type { Seen } from './accounts.ts';
import { GROUPS, GROUP_DRAINING, fullnessGroup } from './fullness.ts';
import { CELL_RETIRED, isLocation } from './handles.ts';
import type { HandleTable } from './handles.ts';
import { expectInvariant } from './invariant.ts';
import { CLASS, HEADER, PAGE, PLACE_MOVED, ZSPAGE } from './layout/records.ts';
import type { Objects } from './objects.ts';
import { holdStill } from './snapshot.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { Location, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex, Words } from './words/agent.ts';
import type { ZspageLists } from './zspages.ts';

const { owner: pageOwner, link } = PAGE.at;
const { firstPage, freeHead, prev, next } = ZSPAGE.at;

/** What checking works with. */
export interface VerifierParts {
  readonly state: PoolState;
  readonly handles: HandleTable;
  readonly lists: ZspageLists;
  readonly objects: Objects;
  readonly caches: AgentCaches | undefined;
}

/** See the head of the file. */
export class Verifier {
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly lists: ZspageLists;
  private readonly objects: Objects;
  private readonly hugeOrdinal: number;
  private seen: Seen = nothingSeen();
  private readonly magazines: Magazines | undefined;
  /** Slots of the class at hand that magazines list and that have not been met yet. */
  private cached: Set<WordIndex> = new Set();
  /** Slots of the class at hand whose objects have moved on. */
  private movedPlaces = 0;
  /** By class: zspages that are on no list while their last places wait for readers. */
  private draining: ZspageIndex[][] = [];

  constructor({ state, handles, lists, objects, caches }: VerifierParts) {
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.lists = lists;
    this.objects = objects;
    this.magazines = caches?.magazines;
    this.hugeOrdinal = state.plan.shape.classes.length - 1;
  }

  /** @throws ERR_ZS_CORRUPT, naming the invariant. May wait: for every lock. */
  verify(): void {
    this.objects.releaseReclaimed();
    holdStill(this.state, () => {
      this.seen = nothingSeen();
      const accounts = new Accounts(this.state, this.handles, this.seen);
      accounts.checkFresh();
      this.draining = this.findDraining();
      for (let ordinal = 0; ordinal <= this.hugeOrdinal; ordinal++) this.checkClass(ordinal);
      accounts.check();
    });
  }

  private checkClass(ordinal: number): void {
    const { words } = this;
    const { objectsPerZspage } = this.state.plan.shape.classes[ordinal]!;
    const base = this.state.classWord(ordinal);
    let zspages = 0;
    let inuse = 0;
    let bytes = 0;
    let mask = 0;
    let pages = 0;
    this.movedPlaces = 0;
    this.cached = this.magazines === undefined ? new Set() : cachedIn(this.state, this.magazines, ordinal);
    for (let group = 0; group < GROUPS; group++) {
      let before = 0;
      let count = 0;
      for (let zspage = words[base + CLASS.at.groupHeads + group]!; zspage !== 0;) {
        expectInvariant(
          !this.seen.zspages.has(zspage),
          'lists-linked',
          'a zspage on two lists, or twice on one',
          zspage,
        );
        this.seen.zspages.add(zspage);
        const record = this.state.zspageWord(zspage);
        expectInvariant(words[record + prev] === before, 'lists-linked', 'a wrong backward link', zspage);
        const used = this.lists.inuse(zspage);
        expectInvariant(
          this.lists.group(zspage) === group && fullnessGroup(used, objectsPerZspage) === group,
          'group-matches-inuse',
          `group ${group} with ${used} of ${objectsPerZspage} slots in use`,
          zspage,
        );
        bytes += this.checkZspage(ordinal, zspage);
        inuse += used;
        pages += this.lists.pages(ordinal, zspage);
        count++;
        before = zspage;
        zspage = words[record + next]!;
      }
      expectInvariant(
        words[base + CLASS.at.groupCounts + group] === count,
        'counters-match',
        `group ${group} count`,
        ordinal,
      );
      if (count > 0) mask |= 1 << group;
      zspages += count;
    }
    for (const zspage of this.draining[ordinal]!) {
      this.seen.zspages.add(zspage);
      bytes += this.checkZspage(ordinal, zspage);
      inuse += this.lists.inuse(zspage);
      pages += this.lists.pages(ordinal, zspage);
    }
    expectInvariant(
      words[base + CLASS.at.groupMask] === mask,
      'mask-matches-lists',
      'the group mask of class',
      ordinal,
    );
    expectInvariant(
      words[base + CLASS.at.capacity] === zspages * objectsPerZspage,
      'counters-match',
      'capacity of class',
      ordinal,
    );
    expectInvariant(
      words[base + CLASS.at.pages] === pages,
      'counters-match',
      `pages: ${words[base + CLASS.at.pages]}, found ${pages}, of class`,
      ordinal,
    );
    expectInvariant(
      words[base + CLASS.at.inuse] === inuse - this.movedPlaces,
      'counters-match',
      'objects in use of class',
      ordinal,
    );
    expectInvariant(
      this.cached.size === 0,
      'caches-listed',
      `${this.cached.size} cached slots are in no zspage,`,
      ordinal,
    );
    const added = bytesAdded(this.state, ordinal);
    const stored = words[base + CLASS.at.bytesLow]! + words[base + CLASS.at.bytesHigh]! * 2 ** 30 + added;
    if (words[base + CLASS.at.bytesUnsure] !== 0) {
      // Nobody could say what the death of an agent had left undone. What was counted here is right.
      words[base + CLASS.at.bytesLow] = (bytes - added) % 2 ** 30;
      words[base + CLASS.at.bytesHigh] = Math.trunc((bytes - added) / 2 ** 30);
      words[base + CLASS.at.bytesUnsure] = 0;
      return;
    }
    expectInvariant(stored === bytes, 'counters-match', `bytes stored: ${stored}, found ${bytes}, in class`, ordinal);
  }

  private findDraining(): ZspageIndex[][] {
    const found: ZspageIndex[][] = this.state.plan.shape.classes.map(() => []);
    for (let zspage = 1; zspage < this.words[HEADER.at.zspageFresh]!; zspage++) {
      if (this.lists.group(zspage) !== GROUP_DRAINING) continue;
      const page = this.words[this.state.zspageWord(zspage) + firstPage]!;
      found[this.words[this.state.pageWord(page) + pageOwner]! & OWNER_CLASS_MASK]!.push(zspage);
    }
    return found;
  }

  /** Returns the lengths of its objects, added up. */
  private checkZspage(ordinal: number, zspage: ZspageIndex): number {
    const { objectsPerZspage, sizeBytes } = this.state.plan.shape.classes[ordinal]!;
    const record = this.state.zspageWord(zspage);
    const owner = (zspage << OWNER_SHIFT) | ordinal;
    let page = this.words[record + firstPage]!;
    for (let i = 0; i < this.lists.pages(ordinal, zspage); i++) {
      const word = this.state.pageWord(page);
      expectInvariant(
        this.words[word + pageOwner] === owner,
        'chain-owned',
        `position ${i} of zspage ${zspage}, page`,
        page,
      );
      expectInvariant(!this.seen.pageOwners.has(page), 'chain-owned', 'a page in two chains', page);
      this.seen.pageOwners.set(page, owner);
      if (ordinal !== this.hugeOrdinal) page = this.words[word + link]!;
    }
    expectInvariant(
      ordinal === this.hugeOrdinal || page === 0,
      'chain-owned',
      'a chain that does not end, zspage',
      zspage,
    );
    const used = this.lists.used(zspage);
    const inuse = this.lists.inuse(zspage);
    expectInvariant(inuse <= used && used <= objectsPerZspage, 'counters-match', 'slot counts of zspage', zspage);
    if (ordinal === this.hugeOrdinal) return this.checkHuge(zspage, inuse);
    const free = this.checkFreeList(ordinal, zspage, sizeBytes);
    expectInvariant(
      free === used - inuse,
      'free-list-distinct',
      `${free} free slots linked of ${used - inuse}, zspage`,
      zspage,
    );
    let bytes = 0;
    let tagged = 0;
    for (let index = 0; index < used; index++) {
      const location = this.lists.locate(this.words[record + firstPage]!, index, sizeBytes);
      const header = this.words[this.state.slotWord(location, sizeBytes)]!;
      if ((header & 1) === 0) continue;
      tagged++;
      if (header < 0) this.checkCached(location, this.state.slotWord(location, sizeBytes));
      else bytes += this.checkObject(ordinal, location, header);
    }
    expectInvariant(tagged === inuse, 'slots-tagged', `${tagged} tagged slots, ${inuse} in use, zspage`, zspage);
    return bytes;
  }

  private checkCached(location: Location, slot: WordIndex): void {
    expectInvariant(
      this.cached.delete(slot),
      'caches-listed',
      'a cached slot that no magazine lists, location',
      location,
    );
    const cell = (this.words[slot]! >>> 1) & this.handles.cellMask;
    expectInvariant(!this.seen.cells.has(cell), 'cells-match-slots', 'a cell of two objects', cell);
    this.seen.cells.add(cell);
  }

  private checkHuge(zspage: ZspageIndex, inuse: number): number {
    const page = this.words[this.state.zspageWord(zspage) + firstPage]!;
    const header = this.words[this.state.pageWord(page) + link]!;
    expectInvariant((header & 1) === inuse, 'slots-tagged', 'a huge zspage', zspage);
    if (inuse === 0) return 0;
    const location = this.state.locationOf(page, 0);
    if (header > 0) return this.checkObject(this.hugeOrdinal, location, header);
    this.checkCached(location, this.state.pageWord(page) + link);
    return 0;
  }

  private checkFreeList(ordinal: number, zspage: ZspageIndex, sizeBytes: number): number {
    const seen = new Set<Location>();
    let location = this.words[this.state.zspageWord(zspage) + freeHead]!;
    while (location !== 0) {
      const index = this.state.indexOf(location);
      const real =
        index < this.lists.used(zspage) &&
        this.words[this.state.pageWord(this.state.pageOf(location)) + pageOwner] ===
          ((zspage << OWNER_SHIFT) | ordinal);
      expectInvariant(real && !seen.has(location), 'free-list-distinct', `slot ${index} of zspage`, zspage);
      seen.add(location);
      const header = this.words[this.state.slotWord(location, sizeBytes)]!;
      expectInvariant((header & 1) === 0, 'slots-tagged', `a free slot tagged as used, zspage`, zspage);
      location = header >>> 1;
    }
    return seen.size;
  }

  /** Returns the object's length; 0 for a place whose object has moved on and that waits to be reclaimed. */
  private checkObject(ordinal: number, location: Location, header: number): number {
    const cell = (header >>> 1) & this.handles.cellMask;
    const word = this.handles.cellOf(cell);
    expectInvariant(word !== 0, 'cells-match-slots', 'a handle without a cell, location', location);
    const value = this.words[word]!;
    if (
      ordinal !== this.hugeOrdinal &&
      (this.words[this.state.headerWord(ordinal, location) + 1]! & PLACE_MOVED) !== 0
    ) {
      expectInvariant(
        value !== location,
        'cells-match-slots',
        'a cell that names a place without its object, location',
        location,
      );
      this.movedPlaces++;
      return 0;
    }
    const named = isLocation(value) ? value === location : (value & CELL_RETIRED) !== 0;
    expectInvariant(
      named,
      'cells-match-slots',
      'a used slot whose cell is free or names another place, location',
      location,
    );
    expectInvariant(!this.seen.cells.has(cell), 'cells-match-slots', 'a cell of two objects', cell);
    this.seen.cells.add(cell);
    const length = this.objects.lengthAt(ordinal, location);
    const { sizeBytes, huge } = this.state.plan.shape.classes[ordinal]!;
    expectInvariant(
      length > 0 && length <= sizeBytes - (huge ? 0 : 8),
      'length-in-class',
      `length ${length}, location`,
      location,
    );
    return length;
  }
}
