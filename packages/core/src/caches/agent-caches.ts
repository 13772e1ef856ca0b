// One agent's caches: when it leases its magazines, how much they hold, and how others get at what is in them.
//
// STATE of a magazine   lease  who may use it
//   at rest             0      whoever has the class lock: it is taken from by compaction, migration, shortage and recovery
//   leased              1      its agent, without any lock
//
//   at rest -> leased   its agent, under the class lock, at its first malloc or free of the class in a turn of the event loop;
//                       not while somebody compacts
//   leased -> at rest   its agent: when the turn ends, when others want what it has, before it detaches
//   leased -> at rest   who recovers from its death
//
// RULES
//   1. Nothing in a class moves while somebody else leases a magazine of it. A mover holds the class lock, so no lease begins
//      meanwhile, and it takes out what magazines at rest hold.
//   2. Nobody waits for the end of a lease with a lock in hand, and nobody without limit: it asks by `wanted`, which each malloc
//      and free looks at, looks again some rounds later, and then goes without.
//   3. A magazine is stocked with slots that need no page, when the depot is empty. All magazines of an agent together hold at
//      most `cacheBytes`, and a depot what one of them had. So all depots hold at most what all magazines may.
//   4. A limit starts low, doubles when a magazine was empty or full, and is halved when others want what is cached, when the
//      budget is spent, and when the class is left alone for some turns.

import type { HandleTable } from '../handles.ts';
import type { HotPaths } from '../hot-paths.ts';
import { CACHE, CLASS, DEPOT, HEADER, MAGAZINE } from '../layout/records.ts';
import type { Objects } from '../objects.ts';
import type { PoolState } from '../state.ts';
import { defersReclaim } from '../strategy/defers-reclaim.ts';
import type { AgentIndex, WordIndex, Words } from '../words/agent.ts';
import { backOff } from '../words/backoff.ts';
import type { ZspageLists } from '../zspages.ts';
import { cacheHotPaths } from './hot.ts';
import type { CacheHotPaths, SlowPaths } from './hot.ts';
import { CacheLimits } from './limits.ts';
import { Magazines } from './magazines.ts';

const { lease, head, count, limit: limitWord } = MAGAZINE.at;

/** Turns between two looks for magazines that nobody has used meanwhile. */
const TURNS_PER_LOOK = 64;
/** Rounds for which an agent that may block waits for others to give back what they have cached: some 10 ms. */
const PATIENCE = 24;

const settled = Promise.resolve();

/** See the head of the file. */
export class AgentCaches implements SlowPaths {
  private readonly limits: CacheLimits;
  readonly hot: CacheHotPaths;
  readonly magazines: Magazines;
  private readonly state: PoolState;
  private readonly words: Words;
  private readonly handles: HandleTable;
  private readonly uncached: HotPaths;
  private readonly objects: Objects;
  private readonly wanted: WordIndex;
  private readonly classes: number;
  /** Objects freed by this agent may be its next ones: no reader is to be waited for. */
  private readonly keepsFrees: boolean;
  /** Classes that are leased. */
  private leased: number[] = [];
  /** Turn in which each class was leased last. */
  private readonly leasedAt: Int32Array;
  private turn = 0;
  /** Slots that this agent has taken out of magazines for others. */
  private collected = 0;
  /** Somebody was asked for what it leases who had not been asked before. */
  private newlyAsked = false;
  private readonly patience: number;
  private asked = false;
  private readonly endTurn: () => void;

  constructor(state: PoolState, handles: HandleTable, lists: ZspageLists, objects: Objects) {
    const { shape, cacheBase, cacheStride } = state.plan;
    this.state = state;
    this.words = state.words;
    this.handles = handles;
    this.objects = objects;
    this.uncached = objects.hot;
    this.magazines = new Magazines(state, handles, lists, objects);
    this.classes = shape.classes.length;
    this.wanted = cacheBase + state.agent.index * cacheStride + CACHE.at.wanted;
    this.limits = new CacheLimits(state);
    this.leasedAt = new Int32Array(shape.classes.length);
    // Without a budget of rounds it is a model checker's agent, to which a second look says all that further ones could.
    this.patience = Number.isFinite(state.agent.spin.refuseAfter) ? PATIENCE : 1;
    this.endTurn = (): void => {
      this.asked = false;
      this.giveUpLeases();
      if (++this.turn % TURNS_PER_LOOK === 0) this.dropUnused();
    };
    this.keepsFrees = !defersReclaim(state.definition.capabilities);
    this.hot = cacheHotPaths(state, handles, this, this.keepsFrees);
  }

  /** An empty magazine, or one that is not leased. */
  allocate(sizeBytes: number, ordinal: number): number {
    if (!this.mayCache(ordinal)) return this.uncached.allocate(sizeBytes);
    const { words, state } = this;
    const magazine = this.mine(ordinal);
    state.strategy.lock(ordinal);
    const isReady = this.leaseLocked(ordinal, magazine);
    if (isReady && words[magazine + head] === 0 && !this.magazines.take(ordinal, magazine)) {
      this.limits.grow(ordinal);
      this.magazines.stock(ordinal, magazine, (this.limits.of(ordinal) + 1) >>> 1);
    }
    state.strategy.unlock(ordinal);
    if (this.limits.isSpent) this.spread();
    if (isReady && words[magazine + head] !== 0) return this.hot.pop(ordinal, magazine, sizeBytes);
    return this.uncached.allocate(sizeBytes);
  }

  /** A bad handle, a full magazine, or one that is not leased. */
  free(handle: number): void {
    const ordinal = this.handles.classHint(handle);
    if (!this.keepsFrees || ordinal < 0 || !this.mayCache(ordinal)) {
      this.uncached.free(handle);
      return;
    }
    const { words, state } = this;
    const magazine = this.mine(ordinal);
    state.strategy.lock(ordinal);
    if (this.leaseLocked(ordinal, magazine) && words[magazine + count]! >= this.limits.of(ordinal)) {
      this.limits.grow(ordinal);
      const isFull = words[magazine + count]! >= this.limits.of(ordinal);
      if (isFull && !this.magazines.give(ordinal, magazine))
        this.magazines.flush(ordinal, magazine, this.limits.of(ordinal) >>> 1);
    }
    state.strategy.unlock(ordinal);
    if (this.limits.isSpent) this.spread();
    if (!this.hot.push(handle)) this.uncached.free(handle);
  }

  /** Others want what this agent has cached, or the pool is poisoned. */
  heed(): void {
    this.state.checkAlarm();
    if (this.words[this.wanted] === 0) return;
    // order: relaxed. The request is being answered.
    Atomics.store(this.words, this.wanted, 0);
    this.limits.halveAll();
    this.flushMine();
  }

  /**
   * Gives all that this agent has cached back. False when it must not wait, and somebody has a class lock.
   *
   * May wait: for class locks.
   */
  flushMine(): boolean {
    let all = true;
    for (let ordinal = 0; ordinal < this.classes; ordinal++) {
      if (this.hasMore(ordinal, 0)) all = this.trim(ordinal, 0) && all;
    }
    this.giveUpLeases();
    this.objects.releaseReclaimed();
    return all;
  }

  /**
   * Takes out of all magazines of a class what is in them, so that its objects can move. False when another agent leases one:
   * it has been asked to give it back. Caller holds: the class lock.
   */
  clear(ordinal: number): boolean {
    const { words, state, magazines } = this;
    let isClear = true;
    // This agent may be about to move what it has noted itself.
    this.hot.forgetHints();
    for (let agent = DEPOT; agent <= state.plan.agentsMax; agent++) {
      const magazine = magazines.of(agent, ordinal);
      if (agent !== state.agent.index && magazines.isLeased(magazine)) {
        this.ask(agent);
        isClear = false;
      } else if (words[magazine + head] !== 0) {
        this.collected += words[magazine + count]!;
        magazines.flush(ordinal, magazine, 0);
      }
    }
    return isClear;
  }

  /**
   * Collects what all agents have cached, and waits some rounds for those that lease something and have not been asked before.
   * True when anything came of it.
   *
   * May wait: for class locks, and where the agent may block for other agents, for about 10 ms.
   */
  collect(): boolean {
    const { state, objects } = this;
    const freedBefore = this.collected;
    let left = this.usedClasses();
    this.newlyAsked = false;
    for (let round = 0; ; round++) {
      left = left.filter((ordinal) => {
        state.strategy.lock(ordinal);
        const isClear = this.clear(ordinal);
        state.strategy.unlock(ordinal);
        return !isClear;
      });
      objects.releaseReclaimed();
      const isWorthWaiting = left.length > 0 && this.newlyAsked && state.agent.mayBlock && round < this.patience;
      if (!isWorthWaiting) return this.collected > freedBefore;
      backOff(state.agent, round, 'objects that other agents have cached');
    }
  }

  /** Classes that may have cached slots, from plain reads without locks: those that have pages. */
  private usedClasses(): number[] {
    const { words, state, classes } = this;
    const isUsed = (ordinal: number): boolean => words[state.classWord(ordinal) + CLASS.at.pages] !== 0;
    return Array.from({ length: classes }, (_, ordinal) => ordinal).filter(isUsed);
  }

  private ask(agent: AgentIndex): void {
    const { cacheBase, cacheStride } = this.state.plan;
    // order: relaxed. What is asked for is handed over by the lease and the class lock.
    const before = Atomics.exchange(this.words, cacheBase + agent * cacheStride + CACHE.at.wanted, 1);
    if (before === 0) this.newlyAsked = true;
  }

  /** False while the budget has nothing for the class. */
  private mayCache(ordinal: number): boolean {
    const { limits } = this;
    if (limits.of(ordinal) > 0) return true;
    limits.grow(ordinal);
    if (limits.isSpent) this.spread();
    return limits.of(ordinal) > 0;
  }

  private mine(ordinal: number): WordIndex {
    return this.magazines.of(this.state.agent.index, ordinal);
  }

  /** Leases the magazine of a class; false while somebody compacts. Caller holds: the class lock. */
  private leaseLocked(ordinal: number, magazine: WordIndex): boolean {
    const { words } = this;
    if (words[magazine + lease] !== 0) return true;
    // order: relaxed. Who compacts looks at the lease under the class lock; this spares it the asking.
    if (Atomics.load(words, HEADER.at.compactor) !== 0) return false;
    // order: release, pairs with isLeased. Nobody else writes the word.
    Atomics.store(words, magazine + lease, 1);
    words[magazine + limitWord] = this.limits.of(ordinal);
    this.leased.push(ordinal);
    this.leasedAt[ordinal] = this.turn;
    if (!this.asked) {
      this.asked = true;
      // A promise job: queueMicrotask costs Node ten times as much.
      void settled.then(this.endTurn);
    }
    return true;
  }

  private giveUpLeases(): void {
    if (this.leased.length > 0) this.hot.forgetHints();
    for (const ordinal of this.leased) {
      this.words[this.mine(ordinal) + limitWord] = 0;
      // order: release, pairs with isLeased. Whoever finds the magazine at rest finds it as it is now.
      Atomics.store(this.words, this.mine(ordinal) + lease, 0);
    }
    this.leased = [];
  }

  /** The budget is spent, by classes that may not need it any more: those that do will ask again. */
  private spread(): void {
    this.limits.halveAll();
    for (let ordinal = 0; ordinal < this.classes; ordinal++) {
      const limit = this.limits.of(ordinal);
      if (this.hasMore(ordinal, limit)) this.trim(ordinal, limit);
    }
    this.objects.releaseReclaimed();
  }

  /** Whether `trim` has anything to free. Of the depot a stale look will do: what this agent has given it sees. */
  private hasMore(ordinal: number, keep: number): boolean {
    const { words, magazines } = this;
    return words[this.mine(ordinal) + count]! > keep || words[magazines.of(DEPOT, ordinal) + count] !== 0;
  }

  /** Frees what a magazine of this agent has beyond `keep`, and what the depot has; false when it only tries, in vain. */
  private trim(ordinal: number, keep: number, waits: boolean = this.state.agent.mayBlock): boolean {
    const { strategy } = this.state;
    if (waits) strategy.lock(ordinal);
    else if (!strategy.tryLock(ordinal)) return false;
    this.magazines.flush(ordinal, this.mine(ordinal), keep);
    this.magazines.flush(ordinal, this.magazines.of(DEPOT, ordinal), 0);
    strategy.unlock(ordinal);
    return true;
  }

  /** Between turns: classes that were left alone for a while give back what they have. Tries only: nobody asked for it. */
  private dropUnused(): void {
    for (let ordinal = 0; ordinal < this.classes; ordinal++) {
      if (this.limits.of(ordinal) === 0 || this.turn - this.leasedAt[ordinal]! < TURNS_PER_LOOK) continue;
      this.limits.set(ordinal, 0);
      this.trim(ordinal, 0, false);
    }
    this.objects.releaseReclaimed();
  }
}
