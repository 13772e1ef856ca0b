// The n-th page that a call asks for is refused, for all n: it does without, or throws ERR_ZS_NO_MEMORY having lost nothing.

import { MessageChannel } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import type { AgentPort, Handle, Hold, HoldingPool, Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import { strategies } from './strategies.ts';
import { isWhole, payload } from './workers/payload.mjs';

const POOL_BYTES = 1024 * 1024;
const SIZES = [40, 600, 1360, 2700, 4000];
const READS = 100;
const TURNS_MAX = 100;

interface Allocator {
  popPageLocked(): number;
}

/** What all page allocators share, of the built core that pools are made with here. */
const allocators = allocatorsOf(createPool({ bytes: POOL_BYTES, strategy: strategies[0]!.strategy }));

function allocatorsOf(pool: Pool): Allocator {
  return Object.getPrototypeOf((pool as unknown as { pages: object }).pages) as Allocator;
}

/** Objects of every kind, half of them freed again. */
function filled(pool: Pool): Map<number, Uint8Array> {
  const live = new Map<number, Uint8Array>();
  for (let i = 0; i < 120; i++) {
    const bytes = payload(i, SIZES[i % SIZES.length]!);
    const handle = pool.malloc(bytes.length);
    pool.write(handle, bytes);
    live.set(handle, bytes);
  }
  for (const [i, handle] of [...live.keys()].entries()) {
    if (i % 3 === 0) continue;
    pool.free(handle);
    live.delete(handle);
  }
  return live;
}

const operations: Readonly<Record<string, (pool: Pool, live: Map<number, Uint8Array>) => void>> = {
  mallocs: (pool) => {
    const made = Array.from({ length: 200 }, (_, i) => pool.tryMalloc(SIZES[i % SIZES.length]!));
    for (const handle of made) if (handle !== 0) pool.free(handle);
  },
  'malloc of each class': (pool) => {
    for (let sizeBytes = 24; sizeBytes <= 4096; sizeBytes += 64) {
      const handle = pool.tryMalloc(sizeBytes);
      if (handle !== 0) pool.free(handle);
    }
  },
  compact: (pool) => void pool.compact(),
  'migration of every page': (pool) => {
    for (let page = pool.bytes.length / 4096 - 1; page > 40; page--) pool.migratePage(page);
  },
  'many reads at once': (pool, live) => {
    const [handle] = live.keys();
    const open: number[] = [];
    try {
      for (let i = 0; i < READS; i++) open.push(pool.readBegin(handle!));
    } finally {
      for (const offset of open) pool.readEnd(offset);
    }
  },
};

/** Calls of a pool by name: one that is added and not listed below does not compile. */
type CallName = {
  [K in keyof HoldingPool]: HoldingPool[K] extends (...args: never[]) => unknown ? K : never;
}[keyof HoldingPool];

/** What a call works with: an object of the pool that it may free, too, and one that lives on. */
interface Subject {
  readonly pool: HoldingPool;
  readonly strategy: Strategy;
  readonly own: Handle;
  readonly kept: Handle;
}

const BYTES = new Uint8Array(40);

/** Lets a call end another agent, which has freed an object. */
const withOther = ({ pool, strategy }: Subject, use: (other: HoldingPool) => void): void => {
  const other = attachPool(pool.descriptor(), { strategies: [strategy] }) as HoldingPool;
  other.free(other.malloc(700));
  use(other);
};

const withPort = (use: (port: AgentPort) => void): void => {
  const { port1, port2 } = new MessageChannel();
  use(port1 as unknown as AgentPort);
  port2.close();
};

const eachCall: Readonly<Record<CallName, (subject: Subject) => unknown>> = {
  malloc: ({ pool }) => pool.free(pool.malloc(1500)),
  tryMalloc: ({ pool }) => {
    const handle = pool.tryMalloc(1500);
    if (handle !== 0) pool.free(handle);
  },
  free: ({ pool, own }) => pool.free(own),
  sizeOf: ({ pool, kept }) => pool.sizeOf(kept),
  acceptTorn: ({ pool, kept }) => pool.acceptTorn(kept),
  write: ({ pool, own }) => pool.write(own, BYTES),
  read: ({ pool, kept }) => pool.read(kept, isWhole),
  readInto: ({ pool, kept }) => pool.readInto(kept, new Uint8Array(4096)),
  readMany: ({ pool, kept }) => pool.readMany([kept, kept], new Uint8Array(8192)),
  writeMany: ({ pool, own }) => pool.writeMany([own, own], new Uint8Array(1400)),
  readBegin: ({ pool, kept }) => pool.readEnd(pool.readBegin(kept)),
  readEnd: ({ pool, kept }) => pool.readEnd(pool.readBegin(kept)),
  compact: ({ pool }) => pool.compact({ pages: 3 }),
  shrink: ({ pool }) => pool.shrink(2),
  flushCaches: ({ pool }) => pool.flushCaches(),
  shrinkable: ({ pool }) => pool.shrinkable(),
  migratePage: ({ pool, kept }) => {
    const offset = pool.readBegin(kept);
    pool.readEnd(offset);
    pool.migratePage(Math.floor(offset / 4096));
  },
  stats: ({ pool }) => pool.stats(),
  classes: ({ pool }) => pool.classes(),
  verify: ({ pool }) => pool.verify(),
  watch: ({ pool }) => withPort((port) => pool.watch(port)),
  announce: ({ pool }) => withPort((port) => pool.announce(port)),
  recover: (subject) => withOther(subject, (other) => subject.pool.recover(other.agentIndex)),
  mallocAsync: async ({ pool }) => pool.free(await pool.mallocAsync(1500)),
  freeAsync: ({ pool, own }) => pool.freeAsync(own),
  writeAsync: ({ pool, own }) => pool.writeAsync(own, BYTES),
  readAsync: ({ pool, kept }) => pool.readAsync(kept, isWhole),
  readIntoAsync: ({ pool, kept }) => pool.readIntoAsync(kept, new Uint8Array(4096)),
  readManyAsync: ({ pool, kept }) => pool.readManyAsync([kept, kept], new Uint8Array(8192)),
  writeManyAsync: ({ pool, own }) => pool.writeManyAsync([own, own], new Uint8Array(1400)),
  compactAsync: ({ pool }) => pool.compactAsync(),
  retryAsync: ({ pool }) => pool.retryAsync(() => pool.free(pool.malloc(1500))),
  descriptor: ({ pool }) => pool.descriptor(),
  detach: (subject) => withOther(subject, (other) => other.detach()),
  [Symbol.dispose]: (subject) => withOther(subject, (other) => other[Symbol.dispose]()),
  hold: ({ pool, kept }) => holdMany(() => pool.hold(kept)),
  holdAsync: ({ pool, kept }) => holdMany(() => pool.holdAsync(kept)),
};

/** More than an agent's own record notes. */
async function holdMany(hold: () => Hold | Promise<Hold>): Promise<void> {
  const holds: Hold[] = [];
  try {
    for (let i = 0; i < READS; i++) holds.push(await hold());
  } finally {
    for (const held of holds) held.release();
  }
}

describe.each(strategies)('$name', ({ strategy, capabilities }) => {
  it.each(Object.keys(operations))('loses nothing when a page is refused to %s', async (what) => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 2 });
    const live = filled(pool);
    const most = await refuseEach(
      () => operations[what]!(pool, live),
      () => expectWhole(pool, live),
    );
    // The others take pages with some strategies only.
    if (what.startsWith('malloc')) expect(most).toBeGreaterThan(1);
    for (const handle of live.keys()) pool.free(handle);
  });

  it('loses nothing when a page is refused to any call that there is', async () => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 3 }) as HoldingPool;
    const live = filled(pool);
    const kept = live.keys().next().value!;
    let own = 0;
    const renew = (): void => {
      if (own !== 0 && codeOf(() => pool.free(own)) !== 'ERR_ZS_BAD_HANDLE') expectWhole(pool, live);
      own = pool.malloc(700);
    };
    for (const name of Reflect.ownKeys(eachCall) as CallName[]) {
      if (!capabilities.holdAcrossAwait && (name === 'hold' || name === 'holdAsync')) continue;
      renew();
      await refuseEach(
        () => eachCall[name]({ pool, strategy, own, kept }),
        () => (expectWhole(pool, live), renew()),
      );
    }
    pool.free(own);
    // What was retired counts as an object until it is reclaimed, some turns later.
    for (let turns = 0; turns < TURNS_MAX && pool.stats().objects > live.size; turns++) {
      pool.compact();
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(pool.stats()).toMatchObject({ agents: 1, objects: live.size });
  });
});

/** Runs a call with its n-th page refused, for all n. Returns how many pages it asks for at most. */
async function refuseEach(call: () => unknown, check: () => void): Promise<number> {
  const { popPageLocked: pop } = allocators;
  let asked = Infinity;
  let most = 0;
  for (let refused = 1; asked >= refused; refused++) {
    asked = 0;
    allocators.popPageLocked = function (this: Allocator) {
      return ++asked === refused ? 0 : pop.call(this);
    };
    try {
      await call();
    } catch (error) {
      expect((error as { code?: unknown }).code).toBe('ERR_ZS_NO_MEMORY');
    } finally {
      allocators.popPageLocked = pop;
    }
    most = Math.max(most, asked);
    check();
  }
  return most;
}

function expectWhole(pool: Pool, live: ReadonlyMap<number, Uint8Array>): void {
  pool.verify();
  for (const handle of live.keys()) expect(pool.read(handle, isWhole)).toBe(true);
}

function codeOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
