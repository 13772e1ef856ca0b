// The memory that a trace needs under a strategy: the whole trace once more, in its order, by one agent, so that two runs
// give the same figures. Speed is not measured here.

import type { Pool } from '@zsmalloc/core';
import { OP } from '@zsmalloc/trace';
import type { Trace } from '@zsmalloc/trace';
import { check } from '../checks.ts';
import { checkEmpty, settle } from '../settle.ts';
import { PoolTraceHeap } from './trace-heap.ts';

/** Events between two looks at the pool: one looks at every class. */
const EVENTS_PER_LOOK = 64;

/** What was measured; ratios are bytes used over bytes stored. */
export interface TraceMemory {
  /** Most bytes used over most bytes stored. */
  readonly overheadPeak: number;
  /** Where the trace has half of its peak left for the last time, or at its end; before and after a compaction. */
  readonly overheadHalf: number | null;
  readonly overheadCompacted: number | null;
  readonly compactMs: number;
  readonly objectsMoved: number;
  readonly verified: number;
}

/** Event after which half of the peak is live for the last time; the last event where more than that stays. */
function halfwayOf({ events, sizes }: Trace): number {
  const live = new Float64Array(events.count);
  let bytes = 0;
  let peak = 0;
  for (let at = 0; at < events.count; at++) {
    if (events.ops[at] === OP.malloc) bytes += sizes[events.objects[at]!]!;
    if (events.ops[at] === OP.free) bytes -= sizes[events.objects[at]!]!;
    live[at] = bytes;
    peak = Math.max(peak, bytes);
  }
  let at = events.count - 1;
  while (at > 0 && live[at]! < peak / 2) at--;
  return at;
}

/** One agent's walk through all events. */
class MemoryPass {
  readonly #pool: Pool;
  readonly #trace: Trace;
  readonly #heap: PoolTraceHeap;
  readonly #handles: Int32Array;
  readonly #freed: Uint8Array;
  #usedPeak = 0;
  #stored = 0;
  #storedPeak = 0;
  #verified = 0;

  constructor(pool: Pool, trace: Trace) {
    this.#pool = pool;
    this.#trace = trace;
    // Holds would keep their zspages where they are, and one agent's order of holds and compactions is nobody's.
    this.#heap = new PoolTraceHeap(pool, false);
    this.#handles = new Int32Array(trace.sizes.length);
    this.#freed = new Uint8Array(trace.sizes.length);
  }

  async run(): Promise<TraceMemory> {
    const { events, sizes } = this.#trace;
    const halfway = halfwayOf(this.#trace);
    let half: Pick<TraceMemory, 'overheadHalf' | 'overheadCompacted' | 'compactMs' | 'objectsMoved'> | undefined;
    for (let at = 0; at < events.count; at++) {
      this.#event(at);
      if (at % EVENTS_PER_LOOK === 0) this.#look();
      if (at === halfway) half = await this.#compact();
    }
    this.#look();
    for (let object = 0; object < sizes.length; object++) if (this.#freed[object] === 0) this.#free(object);
    await checkEmpty(this.#pool);
    const none = { overheadHalf: null, overheadCompacted: null, compactMs: 0, objectsMoved: 0 };
    return { overheadPeak: this.#usedPeak / this.#storedPeak, verified: this.#verified, ...(half ?? none) };
  }

  #event(at: number): void {
    const { events, sizes } = this.#trace;
    const object = events.objects[at]!;
    const op = events.ops[at]!;
    if (op === OP.malloc) {
      const handle = this.#pool.malloc(sizes[object]!);
      this.#handles[object] = handle;
      this.#heap.write(handle, object, 0, sizes[object]!);
      this.#stored += sizes[object]!;
      this.#storedPeak = Math.max(this.#storedPeak, this.#stored);
    } else if (op === OP.free) this.#free(object);
    else if (op === OP.compact) this.#heap.compact(events.values[at]!);
  }

  #free(object: number): void {
    const size = this.#trace.sizes[object]!;
    this.#heap.read(this.#handles[object]!, object, size);
    this.#verified++;
    this.#heap.free(this.#handles[object]!);
    this.#freed[object] = 1;
    this.#stored -= size;
  }

  #look(): void {
    this.#usedPeak = Math.max(this.#usedPeak, this.#pool.stats().bytesUsed);
  }

  async #compact(): Promise<Pick<TraceMemory, 'overheadHalf' | 'overheadCompacted' | 'compactMs' | 'objectsMoved'>> {
    const pool = this.#pool;
    this.#look();
    await settle(pool);
    pool.verify();
    const before = pool.stats();
    check(
      before.bytesStored === this.#stored,
      `the pool counts ${before.bytesStored} bytes, the trace ${this.#stored}.`,
    );
    const begin = performance.now();
    const { movedObjects } = pool.compact();
    const compactMs = performance.now() - begin;
    await settle(pool);
    pool.verify();
    const over = (bytes: number): number | null => (this.#stored === 0 ? null : bytes / this.#stored);
    return {
      overheadHalf: over(before.bytesUsed),
      overheadCompacted: over(pool.stats().bytesUsed),
      compactMs,
      objectsMoved: movedObjects,
    };
  }
}

/** Replays `trace` on an empty pool that nobody else uses. Throws a CheckError when anything is not as it must be. */
export function measureTraceMemory(pool: Pool, trace: Trace): Promise<TraceMemory> {
  return new MemoryPass(pool, trace).run();
}
