// The same steps by kernels on one pool and by JavaScript on its twin: results and all words must come out the same.

import { attachPool, createPool } from '@zsmalloc/core';
import type { Kernels, Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';

const POOL_BYTES = 2 ** 22;
const SLOTS = 512;
/** Short ones are many, as in life; huge ones and such as span pages are among them. */
const SIZES = [1, 8, 40, 100, 500, 1000, 1360, 2700, 4000, 4096];
const COMPARE_EVERY = 1000;

/** A difference between the twins. */
export class Difference extends Error {}

function draws(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % limit;
  };
}

/** What a call returns, or the code of what it throws. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  }
}

class Twins {
  readonly kernel: Pool;
  readonly script: Pool;
  private readonly slots = new Int32Array(SLOTS);
  private readonly draw: (limit: number) => number;
  /** Offsets of reads that are open, the same in both. */
  private readonly open: number[] = [];

  constructor(strategy: Strategy, kernels: Kernels, seed: number) {
    this.draw = draws(seed);
    const first = createPool({ bytes: POOL_BYTES, strategy, kernels, classStepBytes: 16 << this.draw(5) });
    const descriptor = first.descriptor();
    first.detach();
    const { memory: _, ...plain } = descriptor;
    const buffer = new SharedArrayBuffer(POOL_BYTES);
    new Uint8Array(buffer).set(new Uint8Array(descriptor.buffer, 0, POOL_BYTES));
    this.kernel = attachPool(descriptor, { strategies: [strategy], kernels });
    this.script = attachPool({ ...plain, buffer }, { strategies: [strategy] });
  }

  private same(what: string, call: (pool: Pool) => unknown): unknown {
    const [found, expected] = [outcomeOf(() => call(this.kernel)), outcomeOf(() => call(this.script))];
    if (found !== expected) throw new Difference(`${what}: ${String(found)}, the twin ${String(expected)}`);
    return found;
  }

  step(): void {
    const slot = this.draw(SLOTS);
    const handle = this.slots[slot]!;
    const kind = this.draw(100);
    if (handle === 0) {
      const sizeBytes = SIZES[this.draw(SIZES.length)]! - this.draw(2) || 1;
      this.slots[slot] = this.same(`malloc ${sizeBytes}`, (pool) => pool.tryMalloc(sizeBytes)) as number;
    } else if (kind < 45) this.free(slot);
    else if (kind < 70) this.read(handle);
    else if (kind < 90) this.write(handle);
    else if (kind < 94) this.beginOne(handle);
    else if (kind < 98) this.endOne();
    else if (kind < 99) this.wrong(handle);
    else this.same('compact', (pool) => JSON.stringify(pool.compact({ pages: 2 })));
  }

  private free(slot: number): void {
    this.same('free', (pool) => pool.free(this.slots[slot]!));
    if (this.draw(8) === 0) this.same('free once more', (pool) => pool.free(this.slots[slot]!));
    this.slots[slot] = 0;
  }

  private read(handle: number): void {
    this.same('read', (pool) =>
      pool.read(handle, (bytes) => `${bytes.length}: ${bytes[0]}, ${bytes[bytes.length - 1]}`),
    );
  }

  private write(handle: number): void {
    const bytes = new Uint8Array(1 + this.draw(64)).fill(this.draw(256));
    const at = this.draw(2) * this.draw(4096);
    this.same(`write at ${at}`, (pool) => pool.write(handle, bytes, at));
  }

  /** Nested reads: one is the kernel's, the others are not. */
  private beginOne(handle: number): void {
    if (this.open.length > 4) return;
    const found = this.same('begin', (pool) => {
      const offset = pool.readBegin(handle);
      const { readLength, readFirstBytes, readSecondOffset } = pool;
      this.last = offset;
      return [offset, readLength, readFirstBytes, readFirstBytes < readLength ? readSecondOffset : 0].join();
    });
    if (typeof found === 'string' && !found.startsWith('ERR')) this.open.push(this.last);
  }
  private last = 0;

  private endOne(): void {
    if (this.open.length === 0) return;
    const [offset] = this.open.splice(this.draw(this.open.length), 1);
    this.same('end', (pool) => pool.readEnd(offset!));
  }

  private wrong(handle: number): void {
    for (const bad of [handle + 0.5, -handle, handle ^ (1 << 29), 0, 2 ** 30, Number.NaN]) {
      this.same(`read of ${bad}`, (pool) => pool.readBegin(bad));
      this.same(`free of ${bad}`, (pool) => pool.free(bad));
    }
    for (const bad of [0, -1, 4097, 1.5, 2 ** 32 + 8]) this.same(`malloc ${bad}`, (pool) => pool.malloc(bad));
  }

  /** While reads are open their entries differ: a kernel's is the last one. */
  compare(): void {
    while (this.open.length > 0) this.endOne();
    const [words, others] = [this.kernel, this.script].map(
      ({ bytes }) => new Int32Array(bytes.buffer, 0, POOL_BYTES / 4),
    ) as [Int32Array, Int32Array];
    const at = words.findIndex((word, index) => word !== others[index]);
    if (at >= 0) throw new Difference(`word ${at}: ${words[at]}, the twin ${others[at]}`);
  }

  end(): void {
    this.compare();
    for (const [slot, handle] of this.slots.entries()) if (handle !== 0) this.free(slot);
    this.compare();
    this.kernel.verify();
    this.kernel.detach();
    this.script.detach();
  }
}

/** @throws Difference. Returns how many calls the kernels have done. */
export function compareTwins(strategy: Strategy, kernels: Kernels, seed: number, steps: number): number {
  let done = 0;
  const counted: Kernels = {
    allocate: (bytes) => kernels.allocate(bytes),
    bind: (host) => {
      const bound = kernels.bind(host);
      if (bound === undefined) return undefined;
      const count = (isDone: boolean): void => void (done += Number(isDone));
      return {
        ...bound,
        allocate: (bytes) => {
          const handle = bound.allocate(bytes);
          count(handle > 0);
          return handle;
        },
        free: (handle) => {
          const result = bound.free(handle);
          count(result === 0);
          return result;
        },
        readBegin: (handle) => {
          const offset = bound.readBegin(handle);
          count(offset >= 0);
          return offset;
        },
      };
    },
  };
  const twins = new Twins(strategy, counted, seed);
  if (!twins.kernel.runsKernels || twins.script.runsKernels) throw new Error('only one of the twins is to run kernels');
  for (let step = 1; step <= steps; step++) {
    twins.step();
    if (step % COMPARE_EVERY === 0) twins.compare();
  }
  twins.end();
  return done;
}
