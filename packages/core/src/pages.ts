// The page allocator: component pages and zspage records. One list of single pages, so nothing fragments.
//
// RULES
//   1. All of it runs under the pages lock, the innermost lock.
//   2. A zspage starts with one page and gets the next when its slots reach it, up to its class's chain.
//   3. Pages that were used before go first: the OS has committed them.
//   4. A record is never anything but a zspage's record: a lock taken by a stale hint is always some zspage's lock.

import { GROUP_ISOLATED } from './fullness.ts';
import { AGENT, HEADER, PAGE, ZSPAGE } from './layout/records.ts';
import { expectInvariant } from './invariant.ts';
import { OWNER_SHIFT } from './state.ts';
import type { PoolState } from './state.ts';
import type { PageIndex, ZspageIndex } from './strategy/contract.ts';
import type { WordIndex } from './words/agent.ts';
import { USAGE_GROUP_SHIFT } from './zspages.ts';

const { pageFreeHead, pageFreeCount, pageFresh, zspageFreeHead, zspageFresh, zspageCount } = HEADER.at;
const { owner, link } = PAGE.at;
const { usage, freeHead, firstPage, prev, next } = ZSPAGE.at;

/** See the head of the file. */
export class PageAllocator {
  private readonly state: PoolState;

  constructor(state: PoolState) {
    this.state = state;
  }

  /** Takes a page if more than `spare` pages are free; 0 otherwise. May wait: for the pages lock. */
  takePage(spare = 0): PageIndex {
    const { strategy, plan, words } = this.state;
    strategy.lock(plan.pagesLock);
    const free = words[pageFreeCount]! + plan.pages - words[pageFresh]!;
    const page = free > spare ? this.popPageLocked() : 0;
    strategy.unlock(plan.pagesLock);
    return page;
  }

  /** Takes a page and enters it in a word of this agent's record, by which it is found should the agent die. */
  takePageFor(entry: WordIndex): PageIndex {
    const { strategy, plan, words } = this.state;
    strategy.lock(plan.pagesLock);
    const page = this.popPageLocked();
    if (page !== 0) {
      words[this.state.pageWord(page) + link] = words[entry]!;
      words[entry] = page;
    }
    strategy.unlock(plan.pagesLock);
    return page;
  }

  /** Takes a page for further reads of this agent, all zero, and enters it in its record; 0 when there is none. */
  takeReadPage(record: WordIndex): PageIndex {
    const { strategy, plan, words } = this.state;
    strategy.lock(plan.pagesLock);
    const page = this.popPageLocked();
    if (page !== 0) {
      words.fill(0, page * plan.pageWords, (page + 1) * plan.pageWords);
      words[this.state.pageWord(page) + link] = words[record + AGENT.at.readPages]!;
      words[record + AGENT.at.readPages] = page;
    }
    strategy.unlock(plan.pagesLock);
    return page;
  }

  /** Gives the pages of an agent's reads back. Nobody is in any. May wait: for the pages lock. */
  releaseReadPages(record: WordIndex): void {
    const { strategy, plan, words } = this.state;
    const entry = record + AGENT.at.readPages;
    if (words[entry] === 0) return;
    strategy.lock(plan.pagesLock);
    for (let page = words[entry]!; page !== 0; page = words[entry]!) {
      expectInvariant(this.isPage(page), 'lists-bounded', 'pages of reads of this agent', page);
      words[entry] = words[this.state.pageWord(page) + link]!;
      this.pushPageLocked(page);
    }
    strategy.unlock(plan.pagesLock);
  }

  /**
   * Makes an empty zspage of one page that is on no list; 0 when there is no page. May wait: for the pages lock.
   *
   * Source: alloc_zspage(), which takes the whole chain at once.
   */
  newZspage(ordinal: number): ZspageIndex {
    const { strategy, plan, words } = this.state;
    strategy.lock(plan.pagesLock);
    const page = this.popPageLocked();
    const zspage = page === 0 ? 0 : this.popRecordLocked();
    if (zspage !== 0) words[zspageCount]! += 1;
    strategy.unlock(plan.pagesLock);
    if (zspage === 0) return 0;
    const record = this.state.zspageWord(zspage);
    words[record + usage] = GROUP_ISOLATED << USAGE_GROUP_SHIFT;
    words[record + freeHead] = 0;
    words[record + firstPage] = page;
    words[record + prev] = 0;
    words[record + next] = 0;
    this.claim(page, zspage, ordinal);
    return zspage;
  }

  /** Adds a page to the end of a zspage's chain; false when there is none. May wait: for the pages lock. */
  grow(zspage: ZspageIndex, ordinal: number): boolean {
    return this.append(this.takePage(), zspage, ordinal);
  }

  /** Like `grow`, but false as well when the pages lock is taken and this agent must not wait. */
  tryGrow(zspage: ZspageIndex, ordinal: number): boolean {
    const { strategy, plan, agent } = this.state;
    if (agent.mayBlock) return this.grow(zspage, ordinal);
    if (!strategy.tryLock(plan.pagesLock)) return false;
    const page = this.popPageLocked();
    strategy.unlock(plan.pagesLock);
    return this.append(page, zspage, ordinal);
  }

  /** Gives back all that an agent has entered in its record as empty. Caller holds: the pages lock. */
  releaseEmptyLocked(record: WordIndex): void {
    const { words } = this.state;
    const zspages = record + AGENT.at.emptyZspages;
    const pages = record + AGENT.at.emptyPages;
    let most = this.state.plan.pages;
    for (let zspage = words[zspages]!; zspage !== 0; zspage = words[zspages]!) {
      const isRecord = zspage > 0 && zspage < words[zspageFresh]!;
      expectInvariant(isRecord && most-- > 0, 'lists-bounded', 'empty zspages of this agent', zspage);
      words[zspages] = words[this.state.zspageWord(zspage) + next]!;
      this.releaseZspageLocked(zspage);
    }
    for (let page = words[pages]!; page !== 0; page = words[pages]!) {
      expectInvariant(this.isPage(page) && most-- > 0, 'lists-bounded', 'empty pages of this agent', page);
      words[pages] = words[this.state.pageWord(page) + link]!;
      this.pushPageLocked(page);
    }
    const target = words[record + AGENT.at.moveTo]!;
    if (target === 0) return;
    expectInvariant(this.isPage(target), 'lists-bounded', 'the page that this agent migrates to', target);
    words[record + AGENT.at.moveTo] = 0;
    this.pushPageLocked(target);
  }

  private isPage(page: PageIndex): boolean {
    return page >= this.state.plan.firstPage && page < this.state.words[pageFresh]!;
  }

  /**
   * Gives back an empty zspage that is on no list, and its pages. Caller holds: the pages lock.
   *
   * Source: __free_zspage().
   */
  releaseZspageLocked(zspage: ZspageIndex): void {
    const { words } = this.state;
    const record = this.state.zspageWord(zspage);
    let page = words[record + firstPage]!;
    for (let most = this.state.plan.chainPages; page !== 0; most--) {
      expectInvariant(this.isPage(page) && most > 0, 'chain-owned', `the chain of zspage ${zspage}, page`, page);
      const following = words[this.state.pageWord(page) + link]!;
      this.pushPageLocked(page);
      page = following;
    }
    words[record + next] = words[zspageFreeHead]!;
    words[zspageFreeHead] = zspage;
    words[zspageCount]! -= 1;
  }

  /** Caller holds: the pages lock. */
  pushPageLocked(page: PageIndex): void {
    const { words } = this.state;
    const word = this.state.pageWord(page);
    // order: release, pairs with the look-again of lookups. A stale hint finds "no zspage" and asks the cell again.
    Atomics.store(words, word + owner, 0);
    words[word + link] = words[pageFreeHead]!;
    words[pageFreeHead] = page;
    words[pageFreeCount]! += 1;
  }

  private append(page: PageIndex, zspage: ZspageIndex, ordinal: number): boolean {
    if (page === 0) return false;
    this.claim(page, zspage, ordinal);
    const { words } = this.state;
    let last = this.state.pageWord(words[this.state.zspageWord(zspage) + firstPage]!) + link;
    for (let most = this.state.plan.chainPages; words[last] !== 0; most--) {
      expectInvariant(most > 0, 'chain-owned', `the chain of zspage`, zspage);
      last = this.state.pageWord(words[last]!) + link;
    }
    // order: release, pairs with readers of spanning objects.
    Atomics.store(words, last, page);
    return true;
  }

  private claim(page: PageIndex, zspage: ZspageIndex, ordinal: number): void {
    const { words } = this.state;
    const word = this.state.pageWord(page);
    words[word + link] = 0;
    // order: release, pairs with the look-again of lookups.
    Atomics.store(words, word + owner, (zspage << OWNER_SHIFT) | ordinal);
  }

  private popPageLocked(): PageIndex {
    const { words, plan } = this.state;
    const page = words[pageFreeHead]!;
    if (page !== 0) {
      words[pageFreeHead] = words[this.state.pageWord(page) + link]!;
      words[pageFreeCount]! -= 1;
      return page;
    }
    const fresh = words[pageFresh]!;
    if (fresh === plan.pages) return 0;
    words[pageFresh] = fresh + 1;
    return fresh;
  }

  private popRecordLocked(): ZspageIndex {
    const { words } = this.state;
    const zspage = words[zspageFreeHead]!;
    if (zspage !== 0) {
      words[zspageFreeHead] = words[this.state.zspageWord(zspage) + next]!;
      return zspage;
    }
    words[zspageFresh]! += 1;
    return words[zspageFresh]! - 1;
  }
}
