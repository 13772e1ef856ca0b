// Random calls on one agent against a Map, with the pool's invariants checked in between.

import { createPool } from '@zsmalloc/core';
import type { Handle, Hold, HoldingPool } from '@zsmalloc/core';
import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';

type Holding = Capabilities & { readonly holdAcrossAwait: true };

const PAGE_BYTES = 4096;

/** A small deterministic generator: xorshift32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export function smallPool(strategy: Strategy<Holding>, pages = 400): HoldingPool {
  return createPool({ bytes: pages * PAGE_BYTES, strategy, agents: 4 });
}

/** One run: the pool, and what must be in it. */
class RandomRun {
  readonly objects: Map<Handle, Uint8Array> = new Map();
  private readonly holds: { hold: Hold; bytes: Uint8Array }[] = [];
  private readonly pool: HoldingPool;
  private readonly random: (below: number) => number;
  private readonly firstPage: number;
  private readonly pages: number;

  constructor(pool: HoldingPool, seed: number) {
    const { bufferBytes, pagesTotal } = pool.stats();
    this.pool = pool;
    this.random = randomFrom(seed);
    this.pages = pagesTotal;
    this.firstPage = bufferBytes / PAGE_BYTES - pagesTotal;
  }

  step(): void {
    const roll = this.random(100);
    if (this.objects.size === 0 || roll < 35) this.malloc();
    else if (roll < 55) this.free(this.pick());
    else if (roll < 70) this.read();
    else if (roll < 75) this.pool.compact();
    else if (roll < 85) this.migrate();
    else if (roll < 91) this.write();
    else if (roll < 97) this.hold();
    else this.pool.verify();
  }

  releaseAll(): void {
    while (this.holds.length > 0) this.release();
  }

  check(found: Uint8Array, expected: Uint8Array): void {
    if (Buffer.compare(found, expected) !== 0) throw new Error('the bytes of an object have changed');
  }

  private pick(): Handle {
    return [...this.objects.keys()][this.random(this.objects.size)]!;
  }

  private fill(length: number): Uint8Array {
    const seed = this.random(256);
    return Uint8Array.from({ length }, (_, i) => seed + i * 7);
  }

  private malloc(): void {
    const length = this.random(8) === 0 ? 1 + this.random(PAGE_BYTES) : 1 + this.random(300);
    const handle = this.pool.tryMalloc(length);
    if (handle === 0) return;
    const bytes = this.fill(length);
    this.pool.write(handle, bytes);
    this.objects.set(handle, bytes);
  }

  private free(handle: Handle): void {
    this.pool.free(handle);
    this.objects.delete(handle);
  }

  /** Reads, with other calls of the same agent beside the open read. */
  private read(): void {
    const handle = this.pick();
    const expected = this.objects.get(handle)!;
    this.pool.read(handle, (bytes) => {
      this.check(bytes, expected);
      if (this.random(3) === 0) this.pool.compact();
      if (this.random(3) === 0) this.migrate();
      if (this.random(3) === 0) this.free(handle);
      if (this.random(2) === 0) this.malloc();
      this.check(bytes, expected);
    });
  }

  private migrate(): void {
    this.pool.migratePage(this.firstPage + this.random(this.pages));
  }

  private write(): void {
    const handle = this.pick();
    const before = this.objects.get(handle)!;
    if (this.holds.some(({ bytes }) => bytes === before)) return;
    const bytes = this.fill(before.length);
    this.pool.write(handle, bytes);
    this.objects.set(handle, bytes);
  }

  private hold(): void {
    if (this.holds.length === 4) return this.release();
    const handle = this.pick();
    this.holds.push({ hold: this.pool.hold(handle), bytes: this.objects.get(handle)! });
  }

  private release(): void {
    const { hold, bytes } = this.holds.splice(this.random(this.holds.length), 1)[0]!;
    this.check(Buffer.concat(hold.segments), bytes);
    hold.release();
  }
}

/** Runs `steps` random calls, then checks and frees every object. */
export function randomOperations(pool: HoldingPool, seed: number, steps: number): void {
  const run = new RandomRun(pool, seed);
  for (let step = 0; step < steps; step++) run.step();
  pool.verify();
  run.releaseAll();
  for (const [handle, bytes] of run.objects) {
    pool.read(handle, (found) => run.check(found, bytes));
    pool.free(handle);
  }
}
