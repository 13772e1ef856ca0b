// Limbo of one class: zspages with retired slots, linked by `next`; each zspage's slots linked by index through their
// spare bits. A zspage waits as a whole: for a grace period after the last slot of it was retired, and for its holders.
//
// RULES
//   1. Everything runs under the class lock.
//   2. A zspage's words are as without garbage before its last slot is reclaimed: the zspage may go with it.
//   3. One page of a zspage may be retired; until it is reclaimed, movers are told that the zspage is busy.

import { LENGTH_BITS, LENGTH_MASK, PLACE_MOVED } from '@zsmalloc/core/strategy';
import type { Location, PageIndex, StrategyHost, ZspageIndex } from '@zsmalloc/core/strategy';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import type { Epochs } from './epochs.ts';

/** Words of a structure lock. */
export const LOCK = { mutex: 0, head: 1, words: 2 } as const;
/** Words of a zspage. */
export const ZSPAGE = { hold: 0, chain: 1, epoch: 2, next: 3, page: 4, words: 5 } as const;

const INDEX_MASK = 0xfff;
const HAS_PAGE = 1 << 12;

/** See the head of the file. */
export class Limbo {
  protected readonly host: StrategyHost;
  protected readonly words: Words;
  protected readonly epochs: Epochs;

  constructor(host: StrategyHost, epochs: Epochs) {
    this.host = host;
    this.words = host.agent.words;
    this.epochs = epochs;
  }

  lockWord(index: number): WordIndex {
    return this.host.lockBase + index * this.host.lockStride;
  }

  record(zspage: ZspageIndex): WordIndex {
    return this.host.zspageBase + zspage * this.host.zspageStride;
  }

  /** Retires a slot. `kind` is PLACE_MOVED for a place, 0 for an object. */
  retireSlot(location: Location, kind: number, epoch: number): void {
    const { words, host } = this;
    const record = this.listed(location, epoch);
    const chain = words[record + ZSPAGE.chain]!;
    const spare = host.spareWord(location);
    if (spare !== 0) words[spare] = (words[spare]! & LENGTH_MASK) | kind | ((chain & INDEX_MASK) << LENGTH_BITS);
    words[record + ZSPAGE.chain] = (chain & HAS_PAGE) | (host.indexOf(location) + 1);
  }

  retirePage(page: PageIndex, epoch: number): void {
    // Any location in the page: it keeps its owner.
    const record = this.listed(page << this.host.indexBits, epoch);
    this.words[record + ZSPAGE.chain]! |= HAS_PAGE;
    this.words[record + ZSPAGE.page] = page;
  }

  hasPage(zspage: ZspageIndex): boolean {
    return this.words[this.record(zspage) + ZSPAGE.page] !== 0;
  }

  isEmpty(classIndex: number): boolean {
    return this.words[this.lockWord(classIndex) + LOCK.head] === 0;
  }

  /** Reclaims what no reader and no holder can see. Returns slots and pages. */
  reclaim(classIndex: number): number {
    const { words } = this;
    let gained = 0;
    let link = this.lockWord(classIndex) + LOCK.head;
    for (let zspage = words[link]!; zspage !== 0; zspage = words[link]!) {
      const record = this.record(zspage);
      if (this.isDue(record)) {
        words[link] = words[record + ZSPAGE.next]!;
        gained += this.reclaimZspage(zspage, record);
      } else link = record + ZSPAGE.next;
    }
    return gained;
  }

  protected isDue(record: WordIndex): boolean {
    // order: acquire, pairs with writeEnd and holdEnd. Nobody is inside, and what they wrote there is over.
    return (
      this.epochs.isOver(this.words[record + ZSPAGE.epoch]!) && Atomics.load(this.words, record + ZSPAGE.hold) === 0
    );
  }

  protected reclaimZspage(zspage: ZspageIndex, record: WordIndex): number {
    const { words, host } = this;
    let index = words[record + ZSPAGE.chain]! & INDEX_MASK;
    const page = words[record + ZSPAGE.page]!;
    words[record + ZSPAGE.chain] = 0;
    words[record + ZSPAGE.page] = 0;
    let gained = 0;
    if (page !== 0) {
      host.reclaimPage(page);
      gained++;
    }
    for (; index !== 0; gained++) {
      const location = host.slotAt(zspage, index - 1);
      const spare = host.spareWord(location);
      const link = spare === 0 ? 0 : words[spare]!;
      index = (link >>> LENGTH_BITS) & INDEX_MASK;
      if ((link & PLACE_MOVED) !== 0) host.reclaimPlace(location);
      else host.reclaimObject(location);
    }
    return gained;
  }

  /** The record of a location's zspage, on its class's list, with `epoch` as that of its youngest garbage. */
  private listed(location: Location, epoch: number): WordIndex {
    const { words, host } = this;
    const zspage = host.zspageOf(location);
    const record = this.record(zspage);
    if (words[record + ZSPAGE.chain] === 0) {
      const head = this.lockWord(host.classOf(location)) + LOCK.head;
      words[record + ZSPAGE.next] = words[head]!;
      words[head] = zspage;
    }
    words[record + ZSPAGE.epoch] = epoch;
    return record;
  }
}
