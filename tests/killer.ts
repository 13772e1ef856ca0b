// Kills agents at random instants while others work, and counts what that has cost.

import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import type { Handle, Kernels, Pool, RecoveryReport } from '@zsmalloc/core';
import type { KnownStrategy } from './strategies.ts';
import { isWhole } from './workers/payload.mjs';
import { drawFrom } from './workers/payload.mjs';

const SLOTS = 48;
const POOL_BYTES = 1024 * 1024;
/** Only for what hangs: nothing here takes a tenth of it. */
const WATCHDOG_MS = 20_000;
const TURNS_MAX = 400;
const STOP = 0;
const STEPS = 1;
const DAMAGE = 2;
const DOOMED = 3;

export interface KillerOptions {
  readonly strategy: KnownStrategy;
  readonly workers: number;
  /** Deaths; the last few may be more. */
  readonly kills: number;
  readonly seed: number;
  readonly waitMsMax?: number;
  /** Of the pool; workers take them from @zsmalloc/wasm. */
  readonly kernels?: Kernels;
  readonly caches?: boolean;
}

/** What the deaths have cost. All but `reports`, `steps` and `killed` must be 0. */
export interface KillerResult {
  readonly killed: number;
  readonly steps: number;
  readonly reports: readonly RecoveryReport[];
  /** From the exit event to the end of the recovery, in ms. */
  readonly recoveryMs: readonly number[];
  readonly damaged: number;
  /** Objects that were half written and not marked as torn. */
  readonly halfWritten: number;
  /** Objects that lived although nobody could name them. */
  readonly lostObjects: number;
  readonly lostPages: number;
}

interface Victim {
  readonly worker: Worker;
  /** Resolves at its exit event, before anybody else hears of it. */
  readonly exited: Promise<number>;
  readonly isReady: Promise<unknown>;
  /** False while it starts. */
  isWorking: boolean;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function withinTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs: no end after ${WATCHDOG_MS} ms`)), WATCHDOG_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Supervises one pool: see the head of the file. */
export class Killer {
  private readonly options: KillerOptions;
  private readonly pool: Pool;
  private readonly table: Int32Array;
  private readonly versions: Int32Array;
  private readonly control = new Int32Array(new SharedArrayBuffer(16));
  private readonly draw: (limit: number) => number;
  private readonly reports: RecoveryReport[] = [];
  private readonly recoveryMs: number[] = [];
  private halfWritten = 0;
  private spawned = 0;
  private failure: unknown;

  constructor(options: KillerOptions) {
    this.options = options;
    const { strategy, workers, seed, kernels, caches = false } = options;
    const own = { caches, ...(kernels && { kernels }) };
    this.pool = createPool({ bytes: POOL_BYTES, strategy: strategy.strategy, agents: 2 * workers + 4, ...own });
    this.table = new Int32Array(new SharedArrayBuffer(4 * SLOTS * workers));
    this.versions = new Int32Array(new SharedArrayBuffer(4 * SLOTS * workers));
    this.draw = drawFrom(seed);
  }

  async run(): Promise<KillerResult> {
    const { workers, kills, waitMsMax = 6 } = this.options;
    const victims = Array.from({ length: workers }, (_, own) => this.spawn(own));
    await withinTime('the first worker', Promise.all(victims.map(({ isReady }) => isReady)));
    let killed = 0;
    while (killed < kills && this.failure === undefined) {
      const doomed = await this.drawReady(victims);
      const dying = new Set([doomed]);
      Atomics.store(this.control, DOOMED, doomed + 1);
      await sleep(1 + this.draw(waitMsMax));
      // Beside another one, which may be about to start.
      if (this.draw(4) === 0) dying.add(this.draw(workers));
      await Promise.all([...dying].map((own) => this.kill(own, victims)));
      // Not before all have been recovered from: these calls block, and this is the agent that recovers.
      for (const own of dying) {
        this.inherit(own);
        victims[own] = this.spawn(own);
      }
      killed += dying.size;
    }
    Atomics.store(this.control, STOP, 1);
    await withinTime('a worker that was asked to stop', Promise.all(victims.map(({ exited }) => exited)));
    if (this.failure !== undefined) throw this.failure;
    return { killed, ...(await this.settle()) };
  }

  /** A worker that has begun to work, and not alone; others start meanwhile. */
  private async drawReady(victims: readonly Victim[]): Promise<number> {
    for (;;) {
      const ready = victims.flatMap((victim, own) => (victim.isWorking ? [own] : []));
      if (ready.length > victims.length / 2) return ready[this.draw(ready.length)]!;
      const starting = victims.filter(({ isWorking }) => !isWorking);
      await withinTime('a new worker', Promise.any(starting.map(({ isReady }) => isReady)));
    }
  }

  private spawn(own: number): Victim {
    const { strategy, workers, seed } = this.options;
    const workerData = {
      module: strategy.module,
      name: strategy.name,
      descriptor: this.pool.descriptor(),
      table: this.table,
      versions: this.versions,
      slots: SLOTS,
      workers,
      own,
      seed: seed + 7919 * ++this.spawned,
      control: this.control,
    };
    // Without the test runner's own flags, which have every worker load the runner's hooks.
    const worker = new Worker(new URL('workers/victim.mjs', import.meta.url), { workerData, execArgv: [] });
    const exited = new Promise<number>((resolve) => void worker.once('exit', () => resolve(performance.now())));
    worker.on('error', (error) => (this.failure ??= error));
    this.pool.watch(worker, {
      onRecovered: (report) => this.reports.push(report),
      onPoisoned: (error) => (this.failure ??= error),
    });
    const isReady = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    const victim: Victim = { worker, exited, isReady, isWorking: false };
    isReady.then(
      () => (victim.isWorking = true),
      () => {},
    );
    return victim;
  }

  private async kill(own: number, victims: readonly Victim[]): Promise<void> {
    const { worker, exited } = victims[own]!;
    const before = this.reports.length;
    void worker.terminate();
    const exitMs = await withinTime(`worker ${own}, terminated after ${this.reports.length} recoveries,`, exited);
    await withinTime('recovery', this.untilNobodyIsDead());
    if (this.reports.length > before) this.recoveryMs.push(performance.now() - exitMs);
  }

  /** Resolves when the pool's watcher has nothing more to do. */
  private async untilNobodyIsDead(): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      try {
        for (const report of this.pool.recover()) this.reports.push(report);
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_ZS_WOULD_BLOCK') throw error;
      }
      await sleep(1);
      // Timers that are due at once would keep exit events from being seen.
      await turn();
    }
  }

  /** Looks at what a dead worker was doing with its objects, and frees those that it was changing. */
  private inherit(own: number): void {
    const named = new Set<Handle>();
    for (const slot of this.table) named.add(Math.abs(slot));
    for (let at = own * SLOTS; at < (own + 1) * SLOTS; at++) {
      const handle = -this.table[at]!;
      if (handle <= 0) continue;
      this.freeIfAlive(handle);
      this.table[at] = 0;
    }
    for (const { lastMalloc } of this.takeNew()) {
      if (lastMalloc !== 0 && !named.has(lastMalloc)) this.freeIfAlive(lastMalloc);
    }
  }

  private seen = 0;
  private takeNew(): readonly RecoveryReport[] {
    const fresh = this.reports.slice(this.seen);
    this.seen = this.reports.length;
    return fresh;
  }

  private freeIfAlive(handle: Handle): void {
    const tornBy = this.reports.some(({ torn }) => torn === handle);
    try {
      if (!this.pool.read(handle, isWhole) && !this.isFresh(handle)) this.halfWritten++;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === 'ERR_ZS_BAD_HANDLE') return;
      if (code !== 'ERR_ZS_TORN' || !tornBy) throw error;
    }
    this.pool.free(handle);
  }

  /** An object that was allocated and never written to: its bytes are what they were before. */
  private isFresh(handle: Handle): boolean {
    return this.reports.some(({ lastMalloc }) => lastMalloc === handle);
  }

  private async settle(): Promise<Omit<KillerResult, 'killed'>> {
    const { pool, table } = this;
    pool.verify();
    let damaged = Atomics.load(this.control, DAMAGE);
    const handles = table.filter((slot) => slot > 0);
    // What was retired counts as an object until it is reclaimed.
    for (let turns = 0; turns < TURNS_MAX && pool.stats().objects > handles.length; turns++) {
      pool.compact();
      await turn();
    }
    const lostObjects = pool.stats().objects - handles.length;
    for (const handle of handles) {
      if (!pool.read(handle, isWhole)) damaged++;
      pool.free(handle);
    }
    for (let turns = 0; turns < TURNS_MAX && pool.stats().pagesUsed > 0; turns++) {
      pool.compact();
      await turn();
    }
    pool.verify();
    const { pagesTotal, pagesFree, pagesOfHandles } = pool.stats();
    const lostPages = pagesTotal - pagesFree - pagesOfHandles;
    pool.detach();
    return {
      steps: Atomics.load(this.control, STEPS),
      reports: this.reports,
      recoveryMs: this.recoveryMs,
      damaged,
      halfWritten: this.halfWritten,
      lostObjects,
      lostPages,
    };
  }
}
