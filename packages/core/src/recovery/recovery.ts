// Recovering from the death of agents.
//
// A dead agent's locks stay held, so what it was changing stands still until somebody frees them in its name. The agent that
// recovers takes all other structure locks as anybody would, looks at what stands still as the dead agent's heir, builds it
// anew, and frees the locks. There is no log to replay: headers and cells say what is true (class-rebuild.ts).
//
// STEPS
//   1. declare       the agent's state says DEAD: its certificate is the caller's affair
//   2. the role      one agent recovers at a time; from one that has died in it, another takes it over
//   3. bury          the strategy frees the dead agent's own words: queue entries, epochs
//   4. inner locks   pages and handles locks of the dead are freed at once, their lists as far as can be reached: others may
//                    wait for them while they hold class locks
//   5. count         reader counts in which the dead may be counted are told anew
//   6. stop          all structure locks are taken, but for those of the dead
//   7. rebuild       migrations are finished, classes rebuilt, caches of the dead freed, pages and cells accounted for, cut writes marked
//   8. free          the dead agent's locks, and ours; then its record
//
// RULES
//   1. Each step can be done again from the start: this agent may die too, or be told to try again later.
//   2. It waits for nobody without limit: a live agent that holds what is needed may be dead as well, and its certificate
//      may arrive in this very agent's event loop. ERR_ZS_WOULD_BLOCK says: later.
//   3. What contradicts itself poisons the pool.
//
// Source: robust futexes of Linux; shared/reference/locks.md A.0.

import type { AgentCaches } from '../caches/agent-caches.ts';
import { CacheHeir } from '../caches/heir.ts';
import { agentWord, deadAgents, reapAgent } from '../agents.ts';
import { ZsmallocError, hasCode } from '../errors.ts';
import type { HandleTable } from '../handles.ts';
import { isLocation } from '../handles.ts';
import { asCorrupt } from '../invariant.ts';
import { AGENT, CLASS, HEADER } from '../layout/records.ts';
import type { Migrator } from '../migrate.ts';
import type { Objects } from '../objects.ts';
import { poisonedError } from '../poison.ts';
import { OWNER_CLASS_MASK, OWNER_SHIFT } from '../state.ts';
import type { PoolState } from '../state.ts';
import type { StrategyRecovery } from '../strategy/contract.ts';
import { setTorn } from '../torn.ts';
import { ALARM_POISONED, ALARM_RECOVERING, refusedSoon } from '../words/agent.ts';
import type { AgentIndex, WordIndex } from '../words/agent.ts';
import type { ZspageLists } from '../zspages.ts';
import { ClassRebuild } from './class-rebuild.ts';
import { PageAccounts } from './page-accounts.ts';
import { ReaderCounts } from './readers.ts';
import type { RecoveryReport } from './report.ts';
import { inHand } from './survey.ts';

const { alarm, recoverer, unaccounted, deaths, compactor } = HEADER.at;
const PAGES_LOST = 1;
const CELLS_LOST = 2;

/** What recovery works with. */
export interface RecoveryParts {
  readonly state: PoolState;
  readonly handles: HandleTable;
  readonly lists: ZspageLists;
  readonly objects: Objects;
  readonly migrator: Migrator;
  readonly caches: AgentCaches | undefined;
}

/** What one dead agent has left, as found before anything is changed. */
interface Estate {
  readonly agent: AgentIndex;
  readonly record: WordIndex;
  readonly entries: readonly WordIndex[];
  readonly reads: number;
  readonly torn: number;
}

/** See the head of the file. */
export class Recovery {
  private readonly parts: RecoveryParts;
  private readonly state: PoolState;
  private readonly caches: CacheHeir | undefined;

  constructor(parts: RecoveryParts) {
    this.parts = parts;
    this.state = parts.state;
    this.caches = parts.caches && new CacheHeir(parts.state, parts.caches.magazines);
  }

  /**
   * Recovers from all agents that are declared dead.
   *
   * @throws ERR_ZS_WOULD_BLOCK: later; ERR_ZS_POISONED: never.
   */
  run(): RecoveryReport[] {
    const { words, plan, agent } = this.state;
    this.state.checkAlarm();
    const dead = deadAgents(words, plan);
    if (dead.length === 0) return [];
    if (dead.includes(agent.index)) throw poisonedError();
    this.takeRole(dead);
    try {
      // order: release, pairs with ReadTable.left and backOff. Who is shut out of a count from here on says so.
      Atomics.or(words, alarm, ALARM_RECOVERING);
      return refusedSoon(agent, () => this.recoverFrom(dead));
    } catch (error) {
      if (hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
      this.poison();
      throw asCorrupt(error);
    } finally {
      // order: release, pairs with ReadTable.left.
      Atomics.and(words, alarm, ~ALARM_RECOVERING);
      // order: release, pairs with takeRole.
      Atomics.store(words, recoverer, 0);
      this.state.strategy.recovery?.wakeAll();
    }
  }

  /** Makes every call of every agent throw ERR_ZS_POISONED. */
  poison(): void {
    // order: release, pairs with backOff and checkAlarm.
    Atomics.or(this.state.words, alarm, ALARM_POISONED);
    this.state.strategy.recovery?.wakeAll();
  }

  private takeRole(dead: readonly AgentIndex[]): void {
    const { words, agent } = this.state;
    // order: relaxed. The compare-exchange decides.
    const holder = Atomics.load(words, recoverer);
    const isFree = holder === 0 || dead.includes(holder);
    // order: acquire, pairs with the store that ends `run`.
    if (isFree && Atomics.compareExchange(words, recoverer, holder, agent.index) === holder) return;
    throw later('another agent recovers');
  }

  private recoverFrom(dead: readonly AgentIndex[]): RecoveryReport[] {
    const startMs = performance.now();
    const { words, plan, strategy } = this.state;
    const { recovery } = strategy;
    if (recovery === undefined) return this.reapIdle(dead, startMs);
    const isDead = (agent: AgentIndex): boolean => dead.includes(agent);
    const counts = new ReaderCounts(this.state, recovery);
    const estates = dead.map((agent) => this.estateOf(agent, counts, recovery));
    for (const agent of dead) if (!recovery.bury(agent, isDead)) throw later('a live agent is in a queue');
    this.freeInnerLocks(recovery, isDead);
    const entries = estates.flatMap((estate) => estate.entries);
    for (const lock of counts.locksOf(entries)) {
      if (!counts.recount(lock, isDead)) throw later('a live agent is about to enter or to leave a lock');
    }
    for (const entry of entries) words[entry] = 0;
    const held = this.stop(recovery, isDead);
    try {
      const classes = this.changedClasses(recovery, isDead);
      // What the dead have cached is nobody's object: their last malloc is told before it is freed.
      const before = estates.map((estate) => this.reportOf(estate, classes, recovery));
      const pagesRecovered = this.rebuild(recovery, estates, classes, isDead);
      this.free(recovery, dead, classes);
      for (const agent of dead) reapAgent(words, plan, agent);
      // order: relaxed. Statistics.
      Atomics.add(words, deaths, dead.length);
      const elapsedMs = performance.now() - startMs;
      return before.map((report) => ({ ...report, pagesRecovered, elapsedMs }));
    } finally {
      for (const index of held) strategy.unlock(index);
      this.parts.objects.releaseReclaimed();
    }
  }

  /** With a strategy that has no recovery, an agent that was in no call has left nothing, and any other poisons the pool. */
  private reapIdle(dead: readonly AgentIndex[], startMs: number): RecoveryReport[] {
    const { words, plan } = this.state;
    for (const agent of dead) {
      const record = agentWord(plan, agent);
      if (words[record + AGENT.at.heldCalls] !== 0 || hasPages(words, record)) throw poisonedError();
    }
    return dead.map((agent) => {
      this.settleCaches(agent);
      const raw = words[agentWord(plan, agent) + AGENT.at.lastMalloc]! >>> 1;
      const lastMalloc = this.isLiveObject(raw) ? this.parts.handles.handleOf(raw) : 0;
      reapAgent(words, plan, agent);
      const elapsedMs = performance.now() - startMs;
      return { agent, reads: 0, classes: [], lastMalloc, torn: 0, pagesRecovered: 0, elapsedMs };
    });
  }

  /** Frees what an agent has cached that died outside of all calls of the strategy, so it holds no lock. */
  private settleCaches(dead: AgentIndex): void {
    const { strategy, plan } = this.state;
    for (let ordinal = 0; this.caches !== undefined && ordinal < plan.shape.classes.length; ordinal++) {
      if (!this.caches.isTouched(dead, ordinal)) continue;
      strategy.lock(ordinal);
      this.caches.settleClass(dead, ordinal);
      strategy.unlock(ordinal);
    }
    this.parts.objects.releaseReclaimed();
  }

  private estateOf(agent: AgentIndex, counts: ReaderCounts, recovery: StrategyRecovery): Estate {
    const { words, plan } = this.state;
    const record = agentWord(plan, agent);
    const entries = counts.entriesOf(agent);
    const reads = entries.length + (recovery.marksOf?.(agent) ?? 0);
    return { agent, record, entries, reads, torn: words[record + AGENT.at.writing]! >>> 1 };
  }

  private freeInnerLocks(recovery: StrategyRecovery, isDead: (agent: AgentIndex) => boolean): void {
    const { words, plan } = this.state;
    const { handles, lists } = this.parts;
    for (const [index, lost] of [
      [plan.pagesLock, PAGES_LOST],
      [plan.handlesLock, PAGES_LOST | CELLS_LOST],
    ] as const) {
      const holder = recovery.holderOf(index);
      if (!isDead(holder)) continue;
      // order: relaxed. Only who recovers looks at it, in the role.
      Atomics.or(words, unaccounted, lost);
      if (recovery.oneLock) continue;
      if (index === plan.handlesLock) new PageAccounts(this.state, handles, lists).mendStock();
      recovery.releaseFor(index, holder);
    }
  }

  /** Takes every structure lock that no dead agent holds. Returns which. */
  private stop(recovery: StrategyRecovery, isDead: (agent: AgentIndex) => boolean): number[] {
    const { strategy, plan } = this.state;
    const held: number[] = [];
    try {
      for (let index = 0; index < plan.lockCount; index++) {
        if (isDead(recovery.holderOf(index))) continue;
        strategy.lock(index);
        held.push(index);
      }
    } catch (error) {
      for (const index of held) strategy.unlock(index);
      throw error;
    }
    return held;
  }

  /** Classes that a dead agent was changing. */
  private changedClasses(recovery: StrategyRecovery, isDead: (agent: AgentIndex) => boolean): number[] {
    const { words, plan } = this.state;
    const changed: number[] = [];
    for (let ordinal = 0; ordinal < plan.shape.classes.length; ordinal++) {
      if (!isDead(recovery.holderOf(ordinal))) continue;
      if (!recovery.oneLock || words[this.state.classWord(ordinal) + CLASS.at.pending] !== 0) changed.push(ordinal);
    }
    return changed;
  }

  private rebuild(
    recovery: StrategyRecovery,
    estates: readonly Estate[],
    classes: readonly number[],
    isDead: (agent: AgentIndex) => boolean,
  ): number {
    const { words } = this.state;
    const { handles, lists, objects } = this.parts;
    const accounts = new PageAccounts(this.state, handles, lists);
    accounts.expectBounds();
    const hands = inHand(this.state);
    for (const { record } of estates) this.finishMigration(recovery, record);
    const rebuild = new ClassRebuild(this.state, handles, lists, objects, recovery.limbo);
    for (const ordinal of classes) rebuild.rebuild(ordinal, hands.zspages);
    for (const ordinal of classes) this.caches?.mendOthers(ordinal);
    for (const { torn } of estates) this.markTorn(torn);
    for (let zspage = 1; classes.length > 0 && zspage < words[HEADER.at.zspageFresh]!; zspage++) {
      const holder = recovery.relocatorOf(zspage);
      if (holder !== 0 && isDead(holder)) recovery.releaseRelocationFor(zspage, holder);
    }
    // order: relaxed. Only who recovers looks at it, in the role.
    const lost = Atomics.load(words, unaccounted);
    if ((lost & CELLS_LOST) !== 0) accounts.settleCells();
    const holdsPages = estates.some(({ record }) => hasPages(words, record));
    const recovered = classes.length > 0 || lost !== 0 || holdsPages ? accounts.settlePages(hands) : 0;
    // order: relaxed. As above.
    Atomics.store(words, unaccounted, 0);
    // Behind the accounts, which must not take what becomes empty here for lost.
    for (const { agent } of estates) this.caches?.settle(agent);
    for (const ordinal of classes) objects.dropEmpty(ordinal);
    return recovered;
  }

  /** The dead agent's record names two pages, and the chain has the second one: its content is there. */
  private finishMigration(recovery: StrategyRecovery, record: WordIndex): void {
    const { words, strategy } = this.state;
    const from = words[record + AGENT.at.moveFrom]!;
    const to = words[record + AGENT.at.moveTo]!;
    if (from === 0 || to === 0) return;
    const owner = words[this.state.pageWord(to)]!;
    const zspage = owner >>> OWNER_SHIFT;
    const ordinal = owner & OWNER_CLASS_MASK;
    if (owner === 0 || !this.parts.migrator.isInChain(zspage, to)) return;
    this.parts.migrator.finish(ordinal, zspage, from, to);
    const isOwned = words[this.state.pageWord(from)] === owner;
    if (recovery.limbo !== undefined && isOwned && recovery.limbo.pageOf(zspage) === 0) strategy.retirePage(from);
  }

  private markTorn(raw: number): void {
    const { words } = this.state;
    const cell = raw === 0 ? 0 : this.parts.handles.cellOf(raw);
    const location = cell === 0 ? 0 : words[cell]!;
    if (!isLocation(location)) return;
    const owner = this.state.ownerOf(location);
    if (owner !== 0) setTorn(this.state, owner & OWNER_CLASS_MASK, location, raw, true);
  }

  private reportOf(
    { agent, record, reads, torn }: Estate,
    changed: readonly number[],
    recovery: StrategyRecovery,
  ): Omit<RecoveryReport, 'pagesRecovered' | 'elapsedMs'> {
    const { handles } = this.parts;
    const classes = changed.filter((ordinal) => recovery.holderOf(ordinal) === agent);
    const named = (raw: number): number => (this.isLiveObject(raw) ? handles.handleOf(raw) : 0);
    return {
      agent,
      classes,
      reads,
      lastMalloc: named(this.state.words[record + AGENT.at.lastMalloc]! >>> 1),
      torn: named(torn),
    };
  }

  /** True when an object has the raw handle, and is not about to be undone. */
  private isLiveObject(raw: number): boolean {
    const { words } = this.state;
    const cell = raw === 0 ? 0 : this.parts.handles.cellOf(raw);
    const location = cell === 0 ? 0 : words[cell]!;
    const owner = isLocation(location) ? this.state.ownerOf(location) : 0;
    if (owner === 0) return false;
    const ordinal = owner & OWNER_CLASS_MASK;
    const tagged = (raw << 1) | 1;
    const isPending = words[this.state.classWord(ordinal) + CLASS.at.pending] === tagged;
    return !isPending && words[this.state.headerWord(ordinal, location)] === tagged;
  }

  private free(recovery: StrategyRecovery, dead: readonly AgentIndex[], classes: readonly number[]): void {
    const { words, plan } = this.state;
    for (const ordinal of classes) words[this.state.classWord(ordinal) + CLASS.at.pending] = 0;
    for (const agent of dead) {
      // order: release, pairs with Compactor.enter.
      Atomics.compareExchange(words, compactor, agent, 0);
      for (let index = plan.lockCount - 1; index >= 0; index--) recovery.releaseFor(index, agent);
      recovery.releaseMoveFor(agent);
    }
  }
}

function hasPages(words: Int32Array, record: WordIndex): boolean {
  const { moveTo, emptyZspages, emptyPages, readPages } = AGENT.at;
  return [moveTo, emptyZspages, emptyPages, readPages].some((field) => words[record + field] !== 0);
}

function later(why: string): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_WOULD_BLOCK',
    `cannot recover yet: ${why}. Try again in a later turn; pool.watch does.`,
    {},
  );
}
