// Random operations against a plain Map of expected bytes. A failing list is shortened before it is shown.

import { describe, expect, it } from 'vitest';
import type { Hold, HoldingPool } from '../src/api.ts';
import { ZsmallocError } from '../src/errors.ts';
import { SEED, attachTo, contentOf, makePool, pattern, randomBy, sameBytes } from './use-pool.ts';
import type { TestPool, TestPoolOptions } from './use-pool.ts';

/** One operation; `pick` chooses among what there is when it runs, so that a shortened list still means something. */
interface Operation {
  readonly kind:
    | 'malloc'
    | 'free'
    | 'write'
    | 'read'
    | 'readInto'
    | 'sizeOf'
    | 'hold'
    | 'release'
    | 'compact'
    | 'migrate'
    | 'stale'
    | 'verify'
    | 'drain';
  readonly pick: number;
  readonly size: number;
  readonly at: number;
}

const weights: [Operation['kind'], number][] = [
  ['malloc', 50],
  ['free', 25],
  ['write', 15],
  ['read', 10],
  ['readInto', 6],
  ['sizeOf', 6],
  ['hold', 2],
  ['release', 2],
  ['compact', 0.8],
  ['migrate', 6],
  ['stale', 6],
  ['verify', 0.5],
  ['drain', 0.05],
];

function operations(count: number, pageBytes: number, random: () => number): Operation[] {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return Array.from({ length: count }, () => {
    let at = random() * total;
    const [kind] = weights.find(([, weight]) => (at -= weight) < 0) ?? weights[0]!;
    const size = 1 + Math.floor((random() < 0.2 ? 1 - random() ** 3 : random() ** 3) * (pageBytes - 1));
    return { kind, pick: random(), size, at: random() };
  });
}

/** A pool, what it should hold, and what may go wrong. */
class Run {
  readonly made: TestPool;
  private readonly other: HoldingPool;
  readonly live = new Map<number, Uint8Array>();
  readonly holds: { handle: number; hold: Hold }[] = [];
  readonly stale: number[] = [];
  refused = 0;
  moved = 0;

  constructor(options: TestPoolOptions) {
    this.made = makePool(options);
    this.other = options.caches === undefined ? this.made.pool : attachTo(this.made);
  }

  /** The agent that does an operation: with caches there are two, each with its own. */
  private by(choice: number): HoldingPool {
    return (choice * 1000) % 1 < 0.4 ? this.other : this.made.pool;
  }

  run(list: readonly Operation[]): void {
    for (const operation of list) this.step(operation);
    for (const { hold } of this.holds.splice(0)) hold.release();
    this.check();
    if (this.other !== this.made.pool) this.other.detach();
    for (const handle of this.live.keys()) this.made.pool.free(handle);
    this.made.pool.compact();
    const { objects, bytesStored, pagesUsed } = this.made.pool.stats();
    if (objects + bytesStored + pagesUsed > 0)
      throw new Error(`an empty pool has ${objects} objects, ${bytesStored} bytes, ${pagesUsed} pages`);
    this.made.pool.verify();
  }

  private step({ kind, pick, size, at }: Operation): void {
    const { pool, plan } = this.made;
    const handles = [...this.live.keys()];
    const handle = handles[Math.floor(pick * handles.length)] ?? 0;
    const bytes = this.live.get(handle);
    if (kind === 'malloc') return this.malloc(size, pick);
    if (kind === 'compact') return this.compact(pick);
    if (kind === 'verify') return this.check();
    if (kind === 'release') return this.holds.splice(Math.floor(pick * this.holds.length), 1)[0]?.hold.release();
    if (kind === 'migrate') {
      pool.migratePage(plan.firstPage + Math.floor(pick * (plan.pages - plan.firstPage)));
      return;
    }
    if (kind === 'stale') return this.expectStale(this.stale[Math.floor(pick * this.stale.length)]);
    if (kind === 'drain') return this.drain();
    if (bytes === undefined) return;
    if (kind === 'free') return this.free(handle, at);
    if (kind === 'sizeOf') return this.same(pool.sizeOf(handle) === bytes.length, 'sizeOf', handle);
    if (kind === 'read') return this.same(sameBytes(contentOf(pool, handle), bytes), 'read', handle);
    if (kind === 'hold') {
      this.holds.push({ handle, hold: pool.hold(handle) });
      return;
    }
    const offset = Math.floor(at * bytes.length);
    if (kind === 'write') {
      const source = pattern(1 + Math.floor(pick * (bytes.length - offset)), size);
      pool.write(handle, source, offset);
      bytes.set(source, offset);
      return;
    }
    const target = new Uint8Array(bytes.length + offset);
    pool.readInto(handle, target, offset);
    this.same(sameBytes(target.subarray(offset), bytes), 'readInto', handle);
  }

  private malloc(size: number, pick: number): void {
    const { pool } = this.made;
    const handle = this.by(pick).tryMalloc(size);
    if (handle === 0) {
      this.refused++;
      return;
    }
    this.same(!this.live.has(handle), 'a live handle given out again', handle);
    const bytes = pattern(size, Math.floor(pick * 1e6));
    pool.write(handle, bytes);
    this.live.set(handle, bytes);
  }

  private free(handle: number, choice = 0): void {
    if (this.holds.some((held) => held.handle === handle)) return;
    this.by(choice).free(handle);
    this.live.delete(handle);
    this.stale.push(handle);
    if (this.stale.length > 500) this.stale.shift();
  }

  private drain(): void {
    for (const handle of this.live.keys()) if (handle % 8 !== 0) this.free(handle);
  }

  private compact(pick: number): void {
    const { pool } = this.made;
    const before = pool.stats();
    const result = pool.compact(pick < 0.3 ? { pages: 1 } : {});
    const after = pool.stats();
    this.moved += result.movedObjects;
    this.same(result.ran, 'compact ran', 0);
    this.same(
      before.pagesUsed - after.pagesUsed === result.freedPages,
      `compact freed ${result.freedPages} of ${before.pagesUsed}, left ${after.pagesUsed}`,
      0,
    );
    this.same(
      result.freedPages >= 0 && result.freedPages <= before.pagesFreeable,
      'compact freed what was freeable',
      0,
    );
    this.same(
      before.objects === after.objects && before.bytesStored === after.bytesStored,
      'compact kept all objects',
      0,
    );
  }

  private expectStale(handle: number | undefined): void {
    if (handle === undefined || this.live.has(handle)) return;
    try {
      if (handle % 2 === 0) this.made.pool.sizeOf(handle);
      else this.by(handle / 7).free(handle);
    } catch (error) {
      if ((error as ZsmallocError).code === 'ERR_ZS_BAD_HANDLE') return;
      throw error;
    }
    throw new Error(`stale handle ${handle} was accepted`);
  }

  private check(): void {
    const { pool } = this.made;
    pool.verify();
    const { objects, bytesStored } = pool.stats();
    const bytes = [...this.live.values()].reduce((sum, { length }) => sum + length, 0);
    this.same(
      objects === this.live.size && bytesStored === bytes,
      `stats: ${objects} objects of ${this.live.size}, ${bytesStored} bytes of ${bytes}`,
      0,
    );
    for (const [handle, expected] of this.live)
      this.same(sameBytes(contentOf(pool, handle), expected), 'content', handle);
    for (const { handle, hold } of this.holds)
      this.same(sameBytes(Buffer.concat(hold.segments), this.live.get(handle)!), 'held content', handle);
  }

  private same(holds: boolean, what: string, handle: number): void {
    if (!holds) throw new Error(`${what} (handle ${handle})`);
  }
}

/** Runs the list on a fresh pool; returns the error, if any. */
function failureOf(
  options: TestPoolOptions,
  list: readonly Operation[],
  sabotage?: (run: Run) => void,
): Error | undefined {
  const run = new Run(options);
  sabotage?.(run);
  try {
    run.run(list);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** Drops halves, quarters, ... of a failing list while it still fails. */
function shorten(list: readonly Operation[], fails: (list: readonly Operation[]) => boolean): readonly Operation[] {
  let shortest = list;
  for (let piece = Math.ceil(list.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < shortest.length;) {
      const without = [...shortest.slice(0, at), ...shortest.slice(at + piece)];
      if (fails(without)) shortest = without;
      else at += piece;
    }
  }
  return shortest;
}

describe.each<TestPoolOptions & { operations: number }>([
  { pageBytes: 4096, chainPages: 4, poolLock: true, bytes: 2 ** 20, operations: 8000 },
  { pageBytes: 4096, chainPages: 8, poolLock: true, bytes: 2 ** 20, operations: 10000 },
  { pageBytes: 4096, chainPages: 8, poolLock: false, bytes: 2 ** 20, compactAbove: 0.2, operations: 10000 },
  { pageBytes: 4096, chainPages: 16, poolLock: false, bytes: 2 ** 20, operations: 8000 },
  { pageBytes: 4096, chainPages: 8, poolLock: true, dataPages: 20, agents: 1, operations: 8000 },
  { pageBytes: 4096, chainPages: 16, classStepBytes: 64, poolLock: false, bytes: 2 ** 20, operations: 8000 },
  { pageBytes: 4096, chainPages: 5, classStepBytes: 208, dataPages: 30, agents: 2, caches: true, operations: 8000 },
  { pageBytes: 8192, chainPages: 8, poolLock: true, bytes: 2 ** 21, operations: 6000 },
  { pageBytes: 65_536, chainPages: 8, poolLock: false, bytes: 2 ** 23, operations: 4000 },
  { pageBytes: 4096, chainPages: 8, bytes: 2 ** 20, agents: 2, caches: true, operations: 8000 },
  { pageBytes: 4096, chainPages: 4, dataPages: 40, agents: 2, caches: { bytes: 4096 }, operations: 8000 },
])(
  'a pool of $pageBytes-byte pages, chains of $chainPages, steps of $classStepBytes, pool lock $poolLock, $bytes$dataPages, caches $caches',
  ({ operations: count, ...options }) => {
    it.each([0, 1, 2])(`does what a map of bytes does (seed ${SEED} + %i)`, (n) => {
      const list = operations(count, options.pageBytes!, randomBy(SEED + n));
      const failure = failureOf(options, list);
      if (failure === undefined) return;
      const shortest = shorten(list, (shorter) => failureOf(options, shorter) !== undefined);
      throw new Error(
        `seed ${SEED + n}: ${failure.message}; ${shortest.length} operations suffice: ${JSON.stringify(shortest)}`,
        { cause: failure },
      );
    });
  },
);

describe('the model', () => {
  const options = { pageBytes: 4096, chainPages: 8, bytes: 2 ** 20 };
  const list = operations(2000, 4096, randomBy(SEED));

  it('moves objects, meets a full pool and probes stale handles', () => {
    const run = new Run({ ...options, bytes: 2 ** 19 });
    run.run(operations(10_000, 4096, randomBy(SEED)));
    expect(run.moved).toBeGreaterThan(50);
    expect(run.refused).toBeGreaterThan(50);
    expect(run.stale.length).toBeGreaterThan(100);
  });

  it.each<[string, (run: Run) => void, RegExp]>([
    ['a write that is lost', loseWrites, /content|read/],
    ['a free that frees nothing', ({ made: { pool } }) => replaceCall(pool, 'free', () => {}), /stale|stats/],
    [
      'a compaction that frees a page more than it says',
      ({ made: { pool } }) => {
        const compact = pool.compact;
        replaceCall(pool, 'compact', (budget: never) => ({ ...compact(budget), freedPages: 1e6 }));
      },
      /compact freed/,
    ],
    [
      'a read that is a byte off',
      ({ made: { pool } }) => {
        const read = pool.read as (handle: number, use: (bytes: Uint8Array) => unknown) => unknown;
        replaceCall(pool, 'read', (handle: number, use: (bytes: Uint8Array) => unknown) =>
          read(handle, (bytes) => use(new Uint8Array([...bytes.subarray(1), 1]))),
        );
      },
      /content|read/,
    ],
  ])('catches %s', (_, plant, what) => {
    const failure = failureOf(options, list, plant);
    expect(failure?.message).toMatch(what);
  });

  it('shortens a failing list to what matters', () => {
    const shortest = shorten(list, (shorter) => failureOf(options, shorter, loseWrites) !== undefined);
    expect(shortest.length).toBe(1);
    expect(shortest[0]!.kind).toBe('malloc');
  });
});

function loseWrites({ made: { pool } }: Run): void {
  replaceCall(pool, 'write', () => {});
}

/** Replaces a call of one pool. */
function replaceCall(pool: object, name: string, call: (...args: never[]) => unknown): void {
  Object.defineProperty(pool, name, { value: call, configurable: true });
}
