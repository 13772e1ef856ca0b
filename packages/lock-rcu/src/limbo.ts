// Limbo: what was retired and waits for its grace period. Linked through memory that is there anyway, so retiring
// allocates nothing, cannot fail, and whatever one agent retires any agent may reclaim.
//
// A zspage's retired slots form two chains, linked by slot index through the spare bits of their second header words: an
// index, and not a location, since pages may move meanwhile. Zspages with garbage form a list in their class.
//
// STATE of a zspage's chains word     bits 0-11 sealed head   bits 12-23 open head   SEALED_PAGE   OPEN_PAGE   RIPE
//   no garbage, on no list              0                       0                      0             0           0
//   sealed only                         index + 1, or 0         0                      0 or 1        0           0 or 1
//   sealed and open                     index + 1, or 0         index + 1, or 0        0 or 1        0 or 1      0 or 1
//   The sealed generation (chain and page) is not empty while the word is not 0. At most one of the page flags is set.
//
//   retire   the first opens the sealed generation and lists the zspage; later ones join it while EPOCH is the same and
//            the open one afterwards
//   reclaim  GRACE after `epoch`, when nobody holds the zspage: the sealed generation goes, the open one is sealed with
//            the EPOCH of now, and the zspage goes to the end of the list; or, with nothing left, off it. So the list
//            is oldest first, except for zspages that were found ripe and held, which go to its end
//   RIPE     the grace period is over, holders are not: EPOCH need not be compared again, however long that takes
//
// RULES
//   1. Everything here runs under the class lock.
//   2. EPOCH is sampled after the unlink that it is recorded for, so `epoch` arguments must be loaded under this hold of
//      the class lock, behind the last unlink.
//   3. A zspage with holders or in-place writers inside is not reclaimed: they may be inside what was freed. One look at
//      the hold word and at the agents' marks, after the unlink, suffices: whoever comes in after it finds that the cell
//      has changed. Marks are looked at once an EPOCH: a look at a later EPOCH than what was retired came after the unlink.
//   4. A zspage is off the list, and its words are as of a zspage without garbage, when the reclaim of its last slot gives
//      it back. Nothing of it is touched after the class lock is dropped.
//   5. A huge object has no header. It is the only slot of its zspage, and never a moved place.
//   6. One page of a zspage may be in limbo. While it is, movers find the zspage busy (rcu.ts).
//
// Source: kfree_rcu() batches; lists in the header words as in shared/reference/locks.md B.2.

import { LENGTH_BITS, LENGTH_MASK, OwnLines, PLACE_MOVED } from '@zsmalloc/core/strategy';
import type { Location, PageIndex, StrategyHost, ZspageIndex } from '@zsmalloc/core/strategy';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import { preemptibleAtomicLock } from '@zsmalloc/lock-custom';
import { GRACE, epochsSince } from './epochs.ts';
import { AGENT, LOCK, POOL, ZSPAGE } from './records.ts';

const { limboHead, limboTail, limboSlots, limboPages } = LOCK.at;
const { hold, chains, epoch: sealedEpoch, next, page: retiredPage } = ZSPAGE.at;

const HEAD_BITS = 12;
const HEAD_MASK = (1 << HEAD_BITS) - 1;
const SEALED_PAGE = 1 << 24;
const OPEN_PAGE = 1 << 25;
const RIPE = 1 << 26;

/** What a slot was retired as: PLACE_MOVED or 0. */
type Kind = number;
export const OBJECT: Kind = 0;
export const PLACE: Kind = PLACE_MOVED;

/** See the head of the file. */
export class Limbo {
  /** Holders and in-place writers of zspages. */
  readonly holds: OwnLines;
  protected readonly host: StrategyHost;
  protected readonly words: Words;
  /** Marks as found after EPOCH was `marksEpoch`, or later. */
  private marks: readonly WordIndex[] = [];
  private marksEpoch = -1;
  private readonly lockBase: WordIndex;
  private readonly lockStride: number;
  private readonly zspageBase: WordIndex;
  private readonly zspageStride: number;

  constructor(host: StrategyHost) {
    this.host = host;
    this.words = host.agent.words;
    this.lockBase = host.lockBase;
    this.lockStride = host.lockStride;
    this.zspageBase = host.zspageBase;
    this.zspageStride = host.zspageStride;
    this.holds = new OwnLines(host, preemptibleAtomicLock.bind(host.agent), {
      slots: host.agentBase + AGENT.at.marks,
      agentsHigh: host.poolBase + POOL.at.agentsHigh,
    });
  }

  record(zspage: ZspageIndex): WordIndex {
    return this.zspageBase + zspage * this.zspageStride;
  }

  lockWord(index: number): WordIndex {
    return this.lockBase + index * this.lockStride;
  }

  /** Retires a slot that was unlinked before EPOCH was `epoch`. */
  retireSlot(location: Location, kind: Kind, epoch: number): void {
    const { words, host } = this;
    const zspage = host.zspageOf(location);
    const record = this.record(zspage);
    const lock = this.lockWord(host.classOf(location));
    const state = this.joined(lock, zspage, record, epoch);
    const shift = this.joinsSealed(state, record, epoch) ? 0 : HEAD_BITS;
    const spare = host.spareWord(location);
    // Racy: a reader masks the length out of this word. The length does not change.
    if (spare !== 0)
      words[spare] = (words[spare]! & LENGTH_MASK) | kind | (((state >>> shift) & HEAD_MASK) << LENGTH_BITS);
    words[record + chains] = (state & ~(HEAD_MASK << shift)) | ((host.indexOf(location) + 1) << shift);
    words[lock + limboSlots]! += 1;
    this.count(record, 1);
  }

  /** Retires a page that was unlinked before EPOCH was `epoch`. The zspage has no other retired page. */
  retirePage(page: PageIndex, epoch: number): void {
    const { words, host } = this;
    // Any location in the page: it keeps its owner.
    const location = page << host.indexBits;
    const zspage = host.zspageOf(location);
    const record = this.record(zspage);
    const lock = this.lockWord(host.classOf(location));
    const state = this.joined(lock, zspage, record, epoch);
    words[record + chains] = state | (this.joinsSealed(state, record, epoch) ? SEALED_PAGE : OPEN_PAGE);
    words[record + retiredPage] = page;
    words[lock + limboPages]! += 1;
  }

  /** True while a page of the zspage is in limbo. */
  hasPage(zspage: ZspageIndex): boolean {
    return this.words[this.record(zspage) + retiredPage] !== 0;
  }

  /**
   * Reclaims up to `limit` slots from the start of a class's list, as far as grace periods are over; looks at no more
   * than so many zspages.
   *
   * @param epoch See rule 2.
   */
  help(classIndex: number, limit: number, epoch: number): void {
    const lock = this.lockWord(classIndex);
    let left = limit;
    for (let looks = 0; looks < limit && left > 0; looks++) {
      const zspage = this.words[lock + limboHead]!;
      if (zspage === 0 || !this.isRipe(this.record(zspage), epoch)) return;
      left -= this.visitHead(lock, left, epoch);
    }
  }

  /** Reclaims up to `limit` slots of a class, going through its list once. Returns how many, and pages. */
  reclaim(classIndex: number, limit: number, epoch: number): number {
    const { words } = this;
    const lock = this.lockWord(classIndex);
    const last = words[lock + limboTail]!;
    let gained = 0;
    let zspage = words[lock + limboHead]!;
    for (let steps = this.host.zspagesMax; zspage !== 0 && gained < limit && steps > 0; steps--) {
      if (this.isRipe(this.record(zspage), epoch)) gained += this.visitHead(lock, limit - gained, epoch);
      else this.rotate(lock);
      if (zspage === last) break;
      zspage = words[lock + limboHead]!;
    }
    return gained;
  }

  /** True when the class has garbage whose grace period is not over. */
  isWaiting(classIndex: number, epoch: number): boolean {
    const { words } = this;
    let zspage = words[this.lockWord(classIndex) + limboHead]!;
    for (let steps = this.host.zspagesMax; zspage !== 0 && steps > 0; steps--) {
      if (!this.isRipe(this.record(zspage), epoch)) break;
      zspage = words[this.record(zspage) + next]!;
    }
    return zspage !== 0;
  }

  /** The zspage's page in limbo, or 0. */
  pageOf(zspage: ZspageIndex): PageIndex {
    return this.words[this.record(zspage) + retiredPage]!;
  }

  /** Forgets all garbage of a class but retired pages, whose grace period begins anew with `epoch`. */
  clearClass(classIndex: number, zspages: readonly ZspageIndex[], epoch: number): void {
    const { words } = this;
    const lock = this.lockWord(classIndex);
    for (const word of [limboHead, limboTail, limboSlots, limboPages]) words[lock + word] = 0;
    for (const zspage of zspages) {
      const record = this.record(zspage);
      words[record + chains] = 0;
      words[record + next] = 0;
      this.forget(record);
    }
    for (const zspage of zspages) {
      const page = this.pageOf(zspage);
      if (page !== 0) this.retirePage(page, epoch);
    }
  }

  /** Sets the count of retired slots to 0, where there is one. */
  protected forget(_record: WordIndex): void {}

  /** Counts the retired slots of a zspage, where that is needed. */
  protected count(_record: WordIndex, _by: number): void {}

  /** The chains word, after making sure that the zspage is on its class's list. */
  private joined(lock: WordIndex, zspage: ZspageIndex, record: WordIndex, epoch: number): number {
    const state = this.words[record + chains]!;
    if (state === 0) {
      this.words[record + sealedEpoch] = epoch;
      this.append(lock, zspage, record);
    }
    return state;
  }

  private joinsSealed(state: number, record: WordIndex, epoch: number): boolean {
    return state === 0 || ((state & RIPE) === 0 && this.words[record + sealedEpoch] === epoch);
  }

  private isRipe(record: WordIndex, epoch: number): boolean {
    return (
      (this.words[record + chains]! & RIPE) !== 0 || epochsSince(epoch, this.words[record + sealedEpoch]!) >= GRACE
    );
  }

  /** Reclaims at the first zspage of the list, which is ripe, and files it again if garbage is left. */
  private visitHead(lock: WordIndex, limit: number, epoch: number): number {
    const { words } = this;
    const zspage = this.takeHead(lock);
    const record = this.record(zspage);
    // order: acquire, pairs with writeEnd and holdEnd. Nobody is inside, and what they wrote there is over: rule 3.
    if (Atomics.load(words, record + hold) !== 0 || this.isMarked(record, epoch)) {
      words[record + chains]! |= RIPE;
      this.append(lock, zspage, record);
      return 0;
    }
    const gained = this.reclaimSealed(lock, zspage, record, limit, epoch);
    // Rule 4: with garbage left, the zspage still is its class's. What is due stays first: the list is oldest first.
    const state = words[record + chains]!;
    if ((state & RIPE) !== 0) this.prepend(lock, zspage, record);
    else if (state !== 0) this.append(lock, zspage, record);
    return gained;
  }

  /** Whether anybody marks that it is inside; the mark may have gone, unless the look was now. Rule 3. */
  private isMarked(record: WordIndex, epoch: number): boolean {
    const isLate = this.marksEpoch === epoch && this.words[record + sealedEpoch] !== epoch;
    if (!isLate || this.marks.includes(record + hold)) {
      this.marks = this.holds.marks();
      this.marksEpoch = epoch;
    }
    return this.marks.includes(record + hold);
  }

  private reclaimSealed(lock: WordIndex, zspage: ZspageIndex, record: WordIndex, limit: number, epoch: number): number {
    const { words, host } = this;
    let state = words[record + chains]!;
    let head = state & HEAD_MASK;
    let gained = 0;
    if ((state & SEALED_PAGE) !== 0) {
      state &= ~SEALED_PAGE;
      words[record + chains] = this.without(head, state, record, epoch);
      host.reclaimPage(words[record + retiredPage]!);
      words[record + retiredPage] = 0;
      words[lock + limboPages]! -= 1;
      gained = 1;
    }
    for (let steps = HEAD_MASK; head !== 0 && gained < limit && steps > 0; steps--) {
      const location = host.slotAt(zspage, head - 1);
      const spare = host.spareWord(location);
      const link = spare === 0 ? 0 : words[spare]!;
      head = (link >>> LENGTH_BITS) & HEAD_MASK;
      // Before the slot goes: with the last one, the zspage may go.
      words[record + chains] = this.without(head, state, record, epoch);
      words[lock + limboSlots]! -= 1;
      this.count(record, -1);
      gained++;
      if ((link & PLACE_MOVED) !== 0) host.reclaimPlace(location);
      else host.reclaimObject(location);
    }
    return gained;
  }

  /** The chains word when `head` is what is left of the sealed generation: with nothing left, the open one is sealed. */
  private without(head: number, state: number, record: WordIndex, epoch: number): number {
    if (head !== 0) return (state & ~HEAD_MASK) | head | RIPE;
    this.words[record + sealedEpoch] = epoch;
    const open = (state >>> HEAD_BITS) & HEAD_MASK;
    return (state & OPEN_PAGE) === 0 ? open : open | SEALED_PAGE;
  }

  private append(lock: WordIndex, zspage: ZspageIndex, record: WordIndex): void {
    const { words } = this;
    words[record + next] = 0;
    const tail = words[lock + limboTail]!;
    if (tail === 0) words[lock + limboHead] = zspage;
    else words[this.record(tail) + next] = zspage;
    words[lock + limboTail] = zspage;
  }

  private prepend(lock: WordIndex, zspage: ZspageIndex, record: WordIndex): void {
    const { words } = this;
    const head = words[lock + limboHead]!;
    words[record + next] = head;
    words[lock + limboHead] = zspage;
    if (head === 0) words[lock + limboTail] = zspage;
  }

  private takeHead(lock: WordIndex): ZspageIndex {
    const { words } = this;
    const zspage = words[lock + limboHead]!;
    const following = words[this.record(zspage) + next]!;
    words[lock + limboHead] = following;
    if (following === 0) words[lock + limboTail] = 0;
    return zspage;
  }

  private rotate(lock: WordIndex): void {
    const zspage = this.takeHead(lock);
    this.append(lock, zspage, this.record(zspage));
  }
}
