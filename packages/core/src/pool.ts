// The pool as one agent sees it: the public calls, in the order in which a user meets them.

import { Access } from './access.ts';
import { AgentCaches } from './caches/agent-caches.ts';
import { giveAgent } from './agents.ts';
import type { CompactBudget, CompactResult, Handle, Hold, HoldingPool, MigrateResult, PoolDescriptor } from './api.ts';
import { Compactor } from './compact.ts';
import type { CompactRun } from './compact.ts';
import { ZsmallocError, hasCode } from './errors.ts';
import { SHARE_UNIT, compactThreshold, describe } from './format.ts';
import { HandleTable } from './handles.ts';
import { asCorrupt } from './invariant.ts';
import { bindKernels, kernelHotPaths } from './kernels.ts';
import type { BoundKernels, Kernels } from './kernels.ts';
import { strategyHost } from './host.ts';
import { Migrator } from './migrate.ts';
import { Recovery } from './recovery/recovery.ts';
import type { RecoveryReport } from './recovery/report.ts';
import { Watcher } from './recovery/watcher.ts';
import type { AgentPort, WatchListeners, WatchedAgents } from './recovery/watcher.ts';
import type { AgentLocks } from './recovery/web-locks.ts';
import { Objects } from './objects.ts';
import { PageAllocator } from './pages.ts';
import { Merger } from './merge.ts';
import { Settler } from './settle.ts';
import { SlotMover } from './slots.ts';
import type { PoolState } from './state.ts';
import { classRows, poolStats } from './stats.ts';
import type { ClassRow, PoolStats } from './stats.ts';
import { AGENT } from './layout/records.ts';
import type { BoundStrategy } from './strategy/contract.ts';
import { countCalls } from './strategy/counted-calls.ts';
import { Verifier } from './verify.ts';
import { standBack } from './words/backoff.ts';
import { ZspageLists } from './zspages.ts';

/** Frees of one agent between two looks at the threshold of automatic compaction: the look reads two words a class. */
const FREES_PER_LOOK = 64;
const FREES_PER_VAIN_LOOK = 1024;

/** See the head of the file. */
export class AgentPool implements HoldingPool {
  readonly bytes: Uint8Array;
  readonly strategyId: string;
  readonly objectBytesMax: number;
  readonly hugeBytes: number;
  private readonly state: PoolState;
  private readonly handles: HandleTable;
  private readonly objects: Objects;
  private readonly access: Access;
  private readonly compactor: Compactor;
  private readonly migrator: Migrator;
  private readonly verifier: Verifier;
  private readonly pages: PageAllocator;
  private readonly recovery: Recovery;
  private readonly watcher: Watcher;
  private readonly caches: AgentCaches | undefined;
  private readonly kernels: BoundKernels | undefined;
  private readonly compactAbove: number;
  private freesToLook = FREES_PER_LOOK;
  private detached = false;

  constructor(state: PoolState, kernels?: Kernels) {
    const { plan } = state;
    const pages = new PageAllocator(state);
    const lists = new ZspageLists(state);
    this.state = state;
    this.bytes = state.memory.bytes;
    this.strategyId = state.definition.id;
    this.objectBytesMax = plan.pageBytes;
    this.hugeBytes = plan.shape.hugeBytes;
    this.handles = new HandleTable(state, pages);
    this.objects = new Objects(state, this.handles, pages, lists);
    if (plan.cacheBytes > 0) {
      this.caches = new AgentCaches(state, this.handles, lists, this.objects);
      this.objects.useCaches(this.caches);
    }
    const { handles, objects, caches } = this;
    this.kernels = kernels && bindKernels(kernels, state, handles, objects);
    // Where there are caches, malloc and free make no Atomics calls that kernels could save.
    if (this.kernels !== undefined && caches === undefined) objects.hot = kernelHotPaths(this.kernels, objects.hot);
    this.access = new Access(state, handles, this.kernels);
    const slots = new SlotMover(state, handles);
    const settler = new Settler(state, lists, objects, slots);
    const merger = new Merger({ state, lists, pages, objects, slots, settler });
    this.compactor = new Compactor({ state, objects, merger, settler, caches });
    this.migrator = new Migrator({ state, handles, pages, lists, objects, caches });
    this.verifier = new Verifier({ state, handles, lists, objects, caches });
    this.compactAbove = compactThreshold(state.words);
    const bound = state.definition.bind(strategyHost(state, objects, pages));
    state.strategy =
      bound.recovery === undefined ? countCalls(bound, state.words, state.record + AGENT.at.heldCalls) : bound;
    this.pages = pages;
    const { migrator } = this;
    this.recovery = new Recovery({ state, handles, lists, objects, migrator, caches });
    this.watcher = new Watcher(state, this.recovery);
  }

  malloc(sizeBytes: number): Handle {
    const handle = this.tryMalloc(sizeBytes);
    if (handle === 0) throw this.noMemory(sizeBytes);
    return handle;
  }

  tryMalloc(sizeBytes: number): Handle {
    try {
      return this.objects.allocate(sizeBytes);
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  free(handle: Handle): void {
    try {
      this.objects.free(handle);
    } catch (error) {
      throw asCorrupt(error);
    }
    if (this.compactAbove > 0 && --this.freesToLook === 0) this.compactIfWorthIt();
  }

  sizeOf(handle: Handle): number {
    const offset = this.access.begin(handle, true);
    const { length } = this.access.place;
    this.access.end(offset);
    return length;
  }

  write(handle: Handle, source: Uint8Array, offset = 0): void {
    this.access.write(handle, source, offset);
  }

  read<T>(handle: Handle, use: (bytes: Uint8Array) => T): T {
    this.access.begin(handle);
    return this.access.read(use);
  }

  readInto(handle: Handle, target: Uint8Array, offset = 0): number {
    this.access.begin(handle);
    return this.access.copyTo(target, offset);
  }

  readMany(handles: ArrayLike<Handle>, target: Uint8Array, offset = 0, ends?: Uint32Array): number {
    return this.access.batches.read(handles, target, offset, ends);
  }

  writeMany(handles: ArrayLike<Handle>, source: Uint8Array, offset = 0): number {
    return this.access.batches.write(handles, source, offset);
  }

  readBegin(handle: Handle): number {
    return this.access.begin(handle);
  }

  readEnd(offset: number): void {
    this.access.end(offset);
  }

  get readLength(): number {
    return this.access.place.length;
  }

  get readFirstBytes(): number {
    return this.access.place.firstBytes;
  }

  get readSecondOffset(): number {
    return this.access.place.secondOffset;
  }

  acceptTorn(handle: Handle): void {
    this.typed(() => this.access.mend(handle));
  }

  hold(handle: Handle): Hold {
    return this.typed(() => this.access.hold(handle));
  }

  compact(budget: CompactBudget = {}): CompactResult {
    return this.typed(() => {
      const run = this.compactor.start(budget);
      if (!this.compactor.enter()) return run.result(false);
      try {
        while (!run.done) if (this.compactor.step(run)) standBack(this.state.agent);
      } finally {
        this.compactor.leave(run);
      }
      return run.result(true);
    });
  }

  shrink(pages: number): number {
    return this.compact({ pages }).freedPages;
  }

  flushCaches(): void {
    this.typed(() => this.caches?.flushMine());
  }

  shrinkable(): number {
    return this.compactor.freeable();
  }

  migratePage(page: number): MigrateResult {
    return this.typed(() => this.migrator.migrate(page));
  }

  stats(): PoolStats {
    return this.typed(() => poolStats(this.state));
  }

  classes(): ClassRow[] {
    return this.typed(() => classRows(this.state));
  }

  verify(): void {
    this.typed(() => this.verifier.verify());
  }

  get runsKernels(): boolean {
    return this.kernels !== undefined;
  }

  get agentIndex(): number {
    return this.state.agent.index;
  }

  watch(agents: WatchedAgents, listeners: WatchListeners = {}): void {
    this.watcher.watch(agents, listeners);
  }

  announce(to: AgentPort | AgentLocks): void {
    this.watcher.announce(to);
  }

  recover(deadAgent?: number): RecoveryReport[] {
    if (deadAgent !== undefined) this.watcher.declareDead(deadAgent);
    return this.typed(() => this.recovery.run());
  }

  mallocAsync(sizeBytes: number): Promise<Handle> {
    return this.retryAsync(() => this.malloc(sizeBytes));
  }

  freeAsync(handle: Handle): Promise<void> {
    return this.retryAsync(() => this.free(handle));
  }

  writeAsync(handle: Handle, source: Uint8Array, offset = 0): Promise<void> {
    return this.retryAsync(() => this.access.write(handle, source, offset));
  }

  readAsync<T>(handle: Handle, use: (bytes: Uint8Array) => T): Promise<T> {
    return this.retryAsync(
      () => this.access.begin(handle),
      () => this.access.read(use),
    );
  }

  readIntoAsync(handle: Handle, target: Uint8Array, offset = 0): Promise<number> {
    return this.retryAsync(() => this.readInto(handle, target, offset));
  }

  readManyAsync(handles: ArrayLike<Handle>, target: Uint8Array, offset = 0, ends?: Uint32Array): Promise<number> {
    return this.retryAsync(() => this.readMany(handles, target, offset, ends));
  }

  writeManyAsync(handles: ArrayLike<Handle>, source: Uint8Array, offset = 0): Promise<number> {
    return this.retryAsync(() => this.writeMany(handles, source, offset));
  }

  holdAsync(handle: Handle): Promise<Hold> {
    return this.retryAsync(() => this.access.hold(handle));
  }

  async compactAsync(budget: CompactBudget = {}): Promise<CompactResult> {
    const run: CompactRun = this.compactor.start(budget);
    if (!this.compactor.enter()) return run.result(false);
    try {
      while (!run.done) {
        const isAwaited = await this.retryAsync(() => this.compactor.step(run));
        if (isAwaited) await this.state.strategy.retryLater();
      }
    } finally {
      this.compactor.leave(run);
    }
    return run.result(true);
  }

  /** Runs `call`, then `then` in the same turn, without blocking: later again while `call` is refused. */
  async retryAsync<A, T = A>(call: () => A, then?: (result: A) => T): Promise<T> {
    const { agent } = this.state;
    for (;;) {
      const { mayBlock } = agent;
      let result: { value: A } | undefined;
      agent.mayBlock = false;
      try {
        result = { value: call() };
      } catch (error) {
        if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
      } finally {
        agent.mayBlock = mayBlock;
      }
      // Outside of the try: what `then` throws is the caller's, and `then` runs once.
      if (result !== undefined) return then === undefined ? (result.value as unknown as T) : then(result.value);
      await this.state.strategy.retryLater();
    }
  }

  descriptor(): PoolDescriptor {
    return describe(this.state.memory, this.state.definition);
  }

  detach(): void {
    if (this.detached) return;
    const { open } = this.access.place;
    if (open > 0) {
      throw new ZsmallocError(
        'ERR_ZS_IN_USE',
        `cannot detach: ${open} reads or holds of this agent are open. End them first.`,
        { open },
      );
    }
    const gaveBack = this.caches?.flushMine() !== false;
    if (!this.objects.releaseReclaimed() || !gaveBack) {
      throw new ZsmallocError(
        'ERR_ZS_WOULD_BLOCK',
        'cannot detach: this agent has pages or cached objects to give back, another agent has the lock for that, and this one must not block. Try again in a later turn.',
      );
    }
    this.pages.releaseReadPages(this.state.record);
    this.state.strategy.detach();
    this.watcher.stop();
    this.kernels?.close();
    giveAgent(this.state.words, this.state.plan, this.state.agent.index);
    this.detached = true;
    this.state.strategy = detachedStrategy();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** For `strategyOf`: lock packages find their own side of a pool with it. */
  get bound(): BoundStrategy {
    return this.state.strategy;
  }

  /** For calls that are not hot. */
  private typed<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  private compactIfWorthIt(): void {
    this.freesToLook = FREES_PER_LOOK;
    // Estimates: a stale figure compacts a little sooner or later.
    if (this.compactor.freeable() * SHARE_UNIT <= this.compactor.used() * this.compactAbove) return;
    try {
      // What readers keep busy is promised and not kept. Where it won nothing, the next look is far away.
      if (this.compact().freedPages === 0) this.freesToLook = FREES_PER_VAIN_LOOK;
    } catch (error) {
      // The object is freed. Whether to compact is looked at again some frees later.
      if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
    }
  }

  private noMemory(sizeBytes: number): ZsmallocError {
    const { pages, firstPage, pageBytes } = this.state.plan;
    return new ZsmallocError(
      'ERR_ZS_NO_MEMORY',
      `cannot allocate ${sizeBytes} bytes: the pool's ${pages - firstPage} pages of ${pageBytes} bytes have no room for the size class. Free objects, call compact(), or create a larger pool; tryMalloc returns 0 instead.`,
      { sizeBytes, pages: pages - firstPage, pageBytes },
    );
  }
}

/** Refuses every call of a pool that was detached, at no cost to one that was not. */
function detachedStrategy(): BoundStrategy {
  const refuse = (): never => {
    throw new ZsmallocError(
      'ERR_ZS_DETACHED',
      'cannot use the pool: this agent has detached from it. Attach again with attachPool.',
    );
  };
  return new Proxy({} as BoundStrategy, { get: () => refuse });
}
