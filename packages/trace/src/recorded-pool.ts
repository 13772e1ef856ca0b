// A pool that writes down each call that succeeds, and passes all of them on.
//
// RULES
//   1. What throws is not recorded; neither is a tryMalloc that got nothing.
//   2. An async twin is recorded where its sync part succeeds, so that the order of the agent's calls stays.
//   3. A read is recorded when it begins, and a hold also when it ends: holds are what may last.

import type {
  AgentPort,
  CompactBudget,
  CompactResult,
  Handle,
  Hold,
  HoldingPool,
  MigrateResult,
  PoolDescriptor,
  RecoveryReport,
  WatchListeners,
  WatchedAgents,
} from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import type { BoundStrategy } from '@zsmalloc/core/strategy';
import type { ClassRow, PoolStats } from '@zsmalloc/core';
import { OP } from './operations.ts';
import type { Recording } from './recording.ts';

/** See the head of the file. */
export class RecordedPool implements HoldingPool {
  readonly bytes: Uint8Array;
  readonly strategyId: string;
  readonly objectBytesMax: number;
  readonly hugeBytes: number;
  readonly recording: Recording;
  private readonly pool: HoldingPool;

  constructor(pool: HoldingPool, recording: Recording) {
    this.pool = pool;
    this.recording = recording;
    this.bytes = pool.bytes;
    this.strategyId = pool.strategyId;
    this.objectBytesMax = pool.objectBytesMax;
    this.hugeBytes = pool.hugeBytes;
  }

  malloc(sizeBytes: number): Handle {
    const handle = this.pool.malloc(sizeBytes);
    this.recording.append(OP.malloc, handle, this.recording.nextStamp(), sizeBytes, 0);
    return handle;
  }

  tryMalloc(sizeBytes: number): Handle {
    const handle = this.pool.tryMalloc(sizeBytes);
    if (handle !== 0) this.recording.append(OP.malloc, handle, this.recording.nextStamp(), sizeBytes, 0);
    return handle;
  }

  free(handle: Handle): void {
    const stamp = this.recording.nextStamp();
    this.pool.free(handle);
    this.recording.append(OP.free, handle, stamp, 0, 0);
  }

  sizeOf(handle: Handle): number {
    return this.pool.sizeOf(handle);
  }

  write(handle: Handle, source: Uint8Array, offset = 0): void {
    const stamp = this.recording.stamp();
    this.pool.write(handle, source, offset);
    this.recording.append(OP.write, handle, stamp, source.length, offset);
  }

  read<T>(handle: Handle, use: (bytes: Uint8Array) => T): T {
    const stamp = this.recording.stamp();
    return this.pool.read(handle, (bytes) => {
      this.recording.append(OP.read, handle, stamp, 0, 0);
      return use(bytes);
    });
  }

  readInto(handle: Handle, target: Uint8Array, offset = 0): number {
    const stamp = this.recording.stamp();
    const length = this.pool.readInto(handle, target, offset);
    this.recording.append(OP.read, handle, stamp, 0, 0);
    return length;
  }

  /** Runs as so many reads: a batch that fails in the middle is recorded up to there. */
  readMany(handles: ArrayLike<Handle>, target: Uint8Array, offset = 0, ends?: Uint32Array): number {
    let to = offset;
    for (let i = 0; i < handles.length; i++) {
      to += this.readInto(handles[i]!, target, to);
      if (ends !== undefined) ends[i] = to;
    }
    return to - offset;
  }

  /** Runs as so many writes. */
  writeMany(handles: ArrayLike<Handle>, source: Uint8Array, offset = 0): number {
    let from = offset;
    for (let i = 0; i < handles.length; i++) {
      const lengthBytes = this.sizeOf(handles[i]!);
      // Refused: it says why.
      if (from + lengthBytes > source.length) this.pool.writeMany([handles[i]!], source, from);
      this.write(handles[i]!, source.subarray(from, from + lengthBytes));
      from += lengthBytes;
    }
    return from - offset;
  }

  readBegin(handle: Handle): number {
    const stamp = this.recording.stamp();
    const offset = this.pool.readBegin(handle);
    this.recording.append(OP.read, handle, stamp, 0, 0);
    return offset;
  }

  readEnd(offset: number): void {
    this.pool.readEnd(offset);
  }

  get readLength(): number {
    return this.pool.readLength;
  }

  get readFirstBytes(): number {
    return this.pool.readFirstBytes;
  }

  get readSecondOffset(): number {
    return this.pool.readSecondOffset;
  }

  hold(handle: Handle): Hold {
    const stamp = this.recording.stamp();
    const hold = this.pool.hold(handle);
    this.recording.append(OP.hold, handle, stamp, 0, 0);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      const end = this.recording.stamp();
      hold.release();
      this.recording.append(OP.release, handle, end, 0, 0);
    };
    return { length: hold.length, segments: hold.segments, release, [Symbol.dispose]: release };
  }

  compact(budget: CompactBudget = {}): CompactResult {
    const stamp = this.recording.stamp();
    const result = this.pool.compact(budget);
    this.recordCompact(stamp, budget);
    return result;
  }

  shrink(pages: number): number {
    const stamp = this.recording.stamp();
    const freed = this.pool.shrink(pages);
    this.recordCompact(stamp, { pages });
    return freed;
  }

  shrinkable(): number {
    return this.pool.shrinkable();
  }

  flushCaches(): void {
    this.pool.flushCaches();
  }

  migratePage(page: number): MigrateResult {
    return this.pool.migratePage(page);
  }

  stats(): PoolStats {
    return this.pool.stats();
  }

  classes(): ClassRow[] {
    return this.pool.classes();
  }

  verify(): void {
    this.pool.verify();
  }

  acceptTorn(handle: Handle): void {
    this.pool.acceptTorn(handle);
  }

  get runsKernels(): boolean {
    return this.pool.runsKernels;
  }

  get agentIndex(): number {
    return this.pool.agentIndex;
  }

  watch(agents: WatchedAgents, listeners?: WatchListeners): void {
    this.pool.watch(agents, listeners);
  }

  announce(port: AgentPort): void {
    this.pool.announce(port);
  }

  recover(deadAgent?: number): RecoveryReport[] {
    return this.pool.recover(deadAgent);
  }

  mallocAsync(sizeBytes: number): Promise<Handle> {
    return this.pool.retryAsync(() => this.malloc(sizeBytes));
  }

  freeAsync(handle: Handle): Promise<void> {
    return this.pool.retryAsync(() => this.free(handle));
  }

  writeAsync(handle: Handle, source: Uint8Array, offset = 0): Promise<void> {
    return this.pool.retryAsync(() => this.write(handle, source, offset));
  }

  readAsync<T>(handle: Handle, use: (bytes: Uint8Array) => T): Promise<T> {
    return this.pool.readAsync(handle, (bytes) => {
      // The read is open: its object lives, and a stamp taken now is as good as one taken before.
      this.recording.append(OP.read, handle, this.recording.stamp(), 0, 0);
      return use(bytes);
    });
  }

  readIntoAsync(handle: Handle, target: Uint8Array, offset = 0): Promise<number> {
    return this.pool.retryAsync(() => this.readInto(handle, target, offset));
  }

  readManyAsync(handles: ArrayLike<Handle>, target: Uint8Array, offset = 0, ends?: Uint32Array): Promise<number> {
    return this.pool.retryAsync(() => this.readMany(handles, target, offset, ends));
  }

  writeManyAsync(handles: ArrayLike<Handle>, source: Uint8Array, offset = 0): Promise<number> {
    return this.pool.retryAsync(() => this.writeMany(handles, source, offset));
  }

  holdAsync(handle: Handle): Promise<Hold> {
    return this.pool.retryAsync(() => this.hold(handle));
  }

  async compactAsync(budget: CompactBudget = {}): Promise<CompactResult> {
    const stamp = this.recording.stamp();
    const result = await this.pool.compactAsync(budget);
    this.recordCompact(stamp, budget);
    return result;
  }

  retryAsync<T>(call: () => T): Promise<T> {
    return this.pool.retryAsync(call);
  }

  descriptor(): PoolDescriptor {
    return this.pool.descriptor();
  }

  detach(): void {
    this.pool.detach();
  }

  [Symbol.dispose](): void {
    this.pool.detach();
  }

  /** For `strategyOf`, as the pool has it. */
  get bound(): BoundStrategy {
    return strategyOf(this.pool);
  }

  private recordCompact(stamp: number, budget: CompactBudget): void {
    // Pools have at most 2^20 pages; an unlimited budget is none.
    const { pages = 0 } = budget;
    this.recording.append(OP.compact, 0, stamp, Number.isFinite(pages) ? Math.min(pages, 2 ** 20) : 0, 0);
  }
}
