// A bound strategy with checks around each call.
//
// RULES
//   1. Checks come before the call of the strategy, so what throws here has changed nothing. lockClassOf alone learns the
//      class from the strategy; it undoes the lock where the class was not the expected one and does not fit.
//   2. What is given back is noted before the call that gives it back, which may call the pool: reclaiming does.
//      Meanwhile the strategy may have taken locks by itself, which is not seen here: so it is not asked for a class lock.
//   3. Lookups count as waiting for the pool lock and for a mover, and calls between moveBegin and moveEnd as holding the
//      pool lock, also under strategies without one: code must be right under every strategy.

import type { BoundStrategy, Location, PageIndex, StrategyHost, ZspageIndex } from '@zsmalloc/core/strategy';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import type { AgentChecks } from './agent-checks.ts';
import { isolate } from './isolate.ts';
import type { Misuse } from './misuse.ts';
import type { Nodes } from './nodes.ts';
import {
  HOLD_BEGIN,
  LOCK,
  LOCK_CLASS_OF,
  MOVE_BEGIN,
  READ_BEGIN,
  RECLAIM,
  RELOCATE_BEGIN,
  TRY_LOCK,
  WRITE_BEGIN,
} from './operations.ts';
import type { Operation } from './operations.ts';
import type { OrderChecks } from './order-checks.ts';
import type { Reports } from './reports.ts';

/** Where a page's owner word has its zspage: contract.ts, StrategyHost. */
const OWNER_SHIFT = 9;
const PAGE_WORDS = 2;

/** What a checked strategy is made of. */
export interface CheckedParts {
  readonly host: StrategyHost;
  readonly nodes: Nodes;
  readonly checks: AgentChecks;
  readonly order: OrderChecks;
  readonly misuse: Misuse;
  readonly reports: Reports;
  /** Waits for readers where a call ends. */
  readonly waitsInUnlock: boolean;
  /** Acquiring may park. */
  readonly parks: boolean;
}

/** See the head of the file. */
export class CheckedStrategy implements BoundStrategy {
  /** For `strategyOf`. */
  readonly decorated: BoundStrategy;
  readonly recovery: BoundStrategy['recovery'];
  /** For `lockdepReports`. */
  readonly reports: Reports;
  private readonly host: StrategyHost;
  private readonly words: Words;
  private readonly nodes: Nodes;
  private readonly checks: AgentChecks;
  private readonly order: OrderChecks;
  private readonly misuse: Misuse;
  private readonly waitsInUnlock: boolean;
  private readonly parks: boolean;
  private readonly pageBase: WordIndex;
  private readonly indexBits: number;

  constructor(decorated: BoundStrategy, parts: CheckedParts) {
    this.decorated = decorated;
    // What a dead agent held is in the strategy's words. Lockdep's own name who took a lock last, and stay right.
    this.recovery = decorated.recovery;
    this.reports = parts.reports;
    this.host = parts.host;
    this.words = parts.host.agent.words;
    this.nodes = parts.nodes;
    this.checks = parts.checks;
    this.order = parts.order;
    this.misuse = parts.misuse;
    this.waitsInUnlock = parts.waitsInUnlock;
    this.parks = parts.parks;
    this.pageBase = parts.host.pageBase;
    this.indexBits = parts.host.indexBits;
  }

  readBegin(cell: WordIndex): Location {
    return this.begin(cell, READ_BEGIN);
  }

  readEnd(zspage: ZspageIndex): void {
    this.closes(zspage, READ_BEGIN);
    this.decorated.readEnd(zspage);
  }

  writeBegin(cell: WordIndex): Location {
    return this.begin(cell, WRITE_BEGIN);
  }

  writeEnd(zspage: ZspageIndex): void {
    this.closes(zspage, WRITE_BEGIN);
    this.decorated.writeEnd(zspage);
  }

  holdBegin(cell: WordIndex): Location {
    return this.begin(cell, HOLD_BEGIN);
  }

  holdEnd(zspage: ZspageIndex): void {
    this.closes(zspage, HOLD_BEGIN);
    this.decorated.holdEnd(zspage);
  }

  lockClassOf(cell: WordIndex): number {
    const { order, checks, nodes, host } = this;
    let expected = -1;
    checks.mayWait(LOCK_CLASS_OF, this.parks);
    if (checks.held.depth > 0) {
      this.misuse.expectNotMoving(LOCK_CLASS_OF);
      order.wants(nodes.pool, LOCK_CLASS_OF);
      // order: relaxed, no partner. A hint; what the strategy returns is checked again.
      const location = Atomics.load(this.words, cell);
      if (host.isLocation(location)) expected = host.classOf(location);
      if (expected >= 0) this.beforeLock(expected, LOCK_CLASS_OF);
    }
    const outer = isolate.inside;
    isolate.inside = checks;
    let found: number;
    try {
      found = this.decorated.lockClassOf(cell);
    } finally {
      isolate.inside = outer;
    }
    if (found < 0) return found;
    if (found !== expected && checks.held.depth > 0) {
      try {
        this.beforeLock(found, LOCK_CLASS_OF);
      } catch (error) {
        this.decorated.unlock(found);
        throw error;
      }
    }
    this.locked(found, LOCK_CLASS_OF);
    return found;
  }

  lock(index: number): void {
    this.checks.mayWait(LOCK, this.parks);
    if (this.checks.held.depth > 0) this.beforeLock(index, LOCK);
    const outer = isolate.inside;
    isolate.inside = this.checks;
    try {
      this.decorated.lock(index);
    } finally {
      isolate.inside = outer;
    }
    this.locked(index, LOCK);
  }

  tryLock(index: number): boolean {
    if (!this.decorated.tryLock(index)) return false;
    this.locked(index, TRY_LOCK);
    return true;
  }

  unlock(index: number): void {
    const at = this.misuse.expectLocked(index);
    if (this.waitsInUnlock) this.checks.mayWaitInUnlock();
    this.misuse.noteUnlocked(index);
    this.checks.gave(at);
    const outer = isolate.inside;
    isolate.inside = this.checks;
    try {
      this.decorated.unlock(index);
    } finally {
      isolate.inside = outer;
    }
  }

  isContended(index: number): boolean {
    return this.decorated.isContended(index);
  }

  moveBegin(): void {
    const { checks, nodes } = this;
    checks.mayWait(MOVE_BEGIN, this.parks);
    if (checks.held.depth > 0) {
      this.misuse.expectNotMoving(MOVE_BEGIN);
      this.order.wants(nodes.pool, MOVE_BEGIN);
    }
    const outer = isolate.inside;
    isolate.inside = checks;
    try {
      this.decorated.moveBegin();
    } finally {
      isolate.inside = outer;
    }
    checks.took(nodes.pool, 0, MOVE_BEGIN);
  }

  moveEnd(): void {
    this.checks.gave(this.misuse.expectMoving());
    this.decorated.moveEnd();
  }

  isMoveContended(): boolean {
    return this.decorated.isMoveContended();
  }

  relocateBegin(zspage: ZspageIndex): boolean {
    if (isolate.inside !== this.checks) this.misuse.expectClassLock('relocateBegin');
    if (!this.decorated.relocateBegin(zspage)) return false;
    this.checks.took(this.nodes.mover, zspage, RELOCATE_BEGIN);
    return true;
  }

  relocateEnd(zspage: ZspageIndex): void {
    this.checks.gave(this.misuse.expectRelocating(zspage));
    this.decorated.relocateEnd(zspage);
  }

  publish(cell: WordIndex, location: Location): void {
    if (isolate.inside !== this.checks) this.misuse.expectClassLock('publish');
    this.decorated.publish(cell, location);
  }

  retireObject(cell: WordIndex, location: Location): void {
    if (isolate.inside !== this.checks) this.misuse.expectClassLock('retireObject');
    this.decorated.retireObject(cell, location);
  }

  retirePlace(location: Location): void {
    if (isolate.inside !== this.checks) this.misuse.expectClassLock('retirePlace');
    this.decorated.retirePlace(location);
  }

  retirePage(page: PageIndex): void {
    if (isolate.inside !== this.checks) this.misuse.expectClassLock('retirePage');
    this.decorated.retirePage(page);
  }

  reclaim(pressing: boolean): number {
    this.checks.expectNothingHeld(RECLAIM);
    this.checks.mayWait(RECLAIM, pressing);
    const outer = isolate.inside;
    isolate.inside = this.checks;
    try {
      return this.decorated.reclaim(pressing);
    } finally {
      isolate.inside = outer;
    }
  }

  retryLater(): Promise<void> {
    return this.decorated.retryLater();
  }

  detach(): void {
    this.misuse.expectNothingHeld();
    this.decorated.detach();
  }

  private begin(cell: WordIndex, operation: Operation): Location {
    const { checks, nodes, decorated } = this;
    checks.mayWait(operation, this.parks);
    if (checks.held.depth > 0) {
      this.misuse.expectNotMoving(operation);
      this.order.wants(nodes.pool, operation);
      this.order.wants(nodes.mover, operation);
    }
    const outer = isolate.inside;
    isolate.inside = checks;
    let location: Location;
    try {
      if (operation === READ_BEGIN) location = decorated.readBegin(cell);
      else location = operation === WRITE_BEGIN ? decorated.writeBegin(cell) : decorated.holdBegin(cell);
    } finally {
      isolate.inside = outer;
    }
    if (location === 0) return 0;
    // Plain: the read that has just begun keeps the page in its zspage.
    const owner = this.words[this.pageBase + (location >>> this.indexBits) * PAGE_WORDS]!;
    checks.took(nodes.readers, owner >>> OWNER_SHIFT, operation);
    return location;
  }

  private closes(zspage: ZspageIndex, operation: Operation): void {
    this.checks.gave(this.misuse.expectOpen(zspage, operation));
  }

  private beforeLock(index: number, operation: Operation): void {
    this.misuse.expectNotLocked(index, operation);
    this.order.wants(index, operation);
  }

  private locked(index: number, operation: Operation): void {
    this.checks.took(index, 0, operation);
    this.misuse.noteLocked(index, operation);
  }
}
