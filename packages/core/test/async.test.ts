// Refusals: a lock that is taken, on an agent that must not wait.

import { describe, expect, it } from 'vitest';
import type { HoldingPool } from '../src/api.ts';
import { ZsmallocError } from '../src/errors.ts';
import {
  SEED,
  attachTo,
  expectFilled,
  filled,
  makePool,
  pageField,
  pattern,
  randomBy,
  refusal,
  refusalOf,
  usePool,
} from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

/** Refuses the first `times` acquisitions. */
function refuseFirst({ strategy }: TestPool, times: number): void {
  strategy.acquisitions = 0;
  strategy.refuse = (nth) => nth <= times;
}

const twins: [string, (pool: HoldingPool, handle: number) => Promise<unknown>][] = [
  ['mallocAsync', (pool) => pool.mallocAsync(700)],
  ['freeAsync', (pool, handle) => pool.freeAsync(handle)],
  ['writeAsync', (pool, handle) => pool.writeAsync(handle, pattern(300, 2))],
  ['readAsync', (pool, handle) => pool.readAsync(handle, (bytes) => bytes.slice())],
  ['readIntoAsync', (pool, handle) => pool.readIntoAsync(handle, new Uint8Array(300))],
  ['holdAsync', async (pool, handle) => (await pool.holdAsync(handle)).release()],
  ['compactAsync', (pool) => pool.compactAsync()],
];

describe.each(twins)('%s', (name, call) => {
  it.each([0, 1, 2, 5])('succeeds after %i refusals, and leaks nothing', async (refusals) => {
    const made = usePool();
    const handle = filled(made.pool, 300, 1);
    // Something to compact.
    const others = Array.from({ length: 16 }, (_, i) => filled(made.pool, 500, i));
    for (const i of [1, 2, 3, 5, 6, 7, 9, 10, 11]) made.pool.free(others[i]!);
    refuseFirst(made, refusals);
    await call(made.pool, handle);
    made.strategy.refuse = () => false;
    expect(made.strategy.acquisitions).toBeGreaterThan(refusals);
    expect(made.ledger.host.agent.mayBlock).toBe(true);
    if (name !== 'freeAsync') expectFilled(made.pool, handle, 300, name === 'writeAsync' ? 2 : 1);
    expect(made.pool.stats().objects).toBe(8 + { mallocAsync: 1, freeAsync: -1 }[name as string]! || 8);
  });

  it('rejects what is wrong at once, without a retry', async () => {
    const { pool } = usePool();
    if (name === 'mallocAsync') await refusalOf(pool.mallocAsync(0), 'ERR_ZS_BAD_SIZE');
    else if (name !== 'compactAsync') await refusalOf(call(pool, 12_345), 'ERR_ZS_BAD_HANDLE');
  });

  it('rejects once the agent has detached', async () => {
    const made = makePool();
    const witness = attachTo(made);
    const handle = filled(made.pool, 300, 1);
    made.pool.detach();
    await refusalOf(call(made.pool, handle), 'ERR_ZS_DETACHED');
    expectFilled(witness, handle, 300, 1);
    expect(witness.compact().ran).toBe(true);
    witness.verify();
  });
});

describe('async twins', () => {
  it('reject when the pool is full', async () => {
    const { pool } = usePool({ dataPages: 17, agents: 1 });
    while (pool.tryMalloc(4096) !== 0);
    await refusalOf(pool.mallocAsync(4096), 'ERR_ZS_NO_MEMORY');
  });

  it('refuse a callback of readAsync that returns a promise, and a target that is too short', async () => {
    const { pool } = usePool();
    const handle = filled(pool, 300, 1);
    await refusalOf(
      pool.readAsync(handle, async () => 1),
      'ERR_ZS_HOLD_UNSUPPORTED',
    );
    await refusalOf(pool.readIntoAsync(handle, new Uint8Array(299)), 'ERR_ZS_OUT_OF_RANGE');
    await refusalOf(pool.writeAsync(handle, new Uint8Array(1), 300), 'ERR_ZS_OUT_OF_RANGE');
  });

  it.each([true, false])(
    'call the callback of readAsync once, even when it fails as a refused call does (agent may block: %s)',
    async (mayBlock) => {
      const made = usePool();
      const handle = filled(made.pool, 300, 1);
      made.ledger.host.agent.mayBlock = mayBlock;
      let calls = 0;
      const read = made.pool.readAsync(handle, () => {
        calls++;
        if (calls === 1) throw new ZsmallocError('ERR_ZS_WOULD_BLOCK', 'cannot do something inside the callback.');
        return calls;
      });
      await refusalOf(read, 'ERR_ZS_WOULD_BLOCK');
      expect(calls).toBe(1);
    },
  );

  it('let the callback of readAsync wait for locks where its agent may', async () => {
    const made = usePool();
    const handle = filled(made.pool, 300, 1);
    refuseFirst(made, 1);
    const inner = await made.pool.readAsync(handle, () => {
      expect(made.ledger.host.agent.mayBlock).toBe(true);
      return filled(made.pool, 300, 2);
    });
    expectFilled(made.pool, inner, 300, 2);
  });

  it('leave mayBlock as it was on an agent that must not block', async () => {
    const made = usePool();
    made.ledger.host.agent.mayBlock = false;
    refuseFirst(made, 2);
    const handle = await made.pool.mallocAsync(100);
    expect(made.ledger.host.agent.mayBlock).toBe(false);
    expect(made.pool.sizeOf(handle)).toBe(100);
  });

  it(`may overlap: each keeps its own object (seed ${SEED})`, async () => {
    const made = usePool();
    const random = randomBy(SEED);
    made.strategy.refuse = () => random() < 0.2;
    const agent = made.ledger.host.agent;
    const handles = await Promise.all(Array.from({ length: 50 }, () => made.pool.mallocAsync(100)));
    await Promise.all(handles.map((handle, i) => made.pool.writeAsync(handle, pattern(100, i))));
    made.strategy.refuse = () => false;
    expect(agent.mayBlock).toBe(true);
    expect(new Set(handles).size).toBe(50);
    for (const [i, handle] of handles.entries()) expectFilled(made.pool, handle, 100, i);
  });
});

/** A pool with something of everything in it, on an agent that must not block. */
function busyPool(): { made: TestPool; kept: number[]; doomed: number; page: number } {
  const made = usePool();
  const { pool } = made;
  const handles = Array.from({ length: 24 }, (_, i) => filled(pool, 500, i));
  const doomed = filled(pool, 4096, 99);
  for (const i of [1, 2, 3, 5, 6, 7, 9, 10, 11, 17, 18]) pool.free(handles[i]!);
  const kept = handles.filter((_, i) => ![1, 2, 3, 5, 6, 7, 9, 10, 11, 17, 18].includes(i));
  const offset = pool.readBegin(kept[0]!);
  pool.readEnd(offset);
  made.ledger.host.agent.mayBlock = false;
  return { made, kept, doomed, page: Math.floor(offset / 4096) };
}

const calls: [string, (pool: HoldingPool, doomed: number, page: number) => unknown][] = [
  ['malloc of a known class', (pool) => pool.malloc(500)],
  ['malloc of a new class', (pool) => pool.malloc(1000)],
  ['malloc of a huge object', (pool) => pool.malloc(4096)],
  ['tryMalloc', (pool) => pool.tryMalloc(2000)],
  ['free', (pool, doomed) => pool.free(doomed)],
  ['sizeOf', (pool, doomed) => pool.sizeOf(doomed)],
  ['write', (pool, doomed) => pool.write(doomed, pattern(4096, 99))],
  ['read', (pool, doomed) => pool.read(doomed, (bytes) => bytes.length)],
  ['readInto', (pool, doomed) => pool.readInto(doomed, new Uint8Array(4096))],
  ['hold', (pool, doomed) => pool.hold(doomed).release()],
  ['compact', (pool) => pool.compact()],
  ['migratePage', (pool, _, page) => pool.migratePage(page)],
  ['stats', (pool) => pool.stats()],
  ['verify', (pool) => pool.verify()],
];

describe.each(calls)('%s, on an agent that must not block,', (name, call) => {
  it('throws ERR_ZS_WOULD_BLOCK or succeeds when any of its acquisitions is refused, and nothing is lost', () => {
    const probe = busyPool();
    probe.made.strategy.acquisitions = 0;
    call(probe.made.pool, probe.doomed, probe.page);
    const acquisitions = probe.made.strategy.acquisitions;
    expect(acquisitions).toBeGreaterThan(0);
    let refusals = 0;
    for (let n = 1; n <= acquisitions; n++) {
      const { made, kept, doomed, page } = busyPool();
      const { pool, strategy } = made;
      const before = pool.stats();
      strategy.acquisitions = 0;
      strategy.refuse = (nth) => nth === n;
      let threw = false;
      try {
        call(pool, doomed, page);
      } catch (error) {
        if (!(error instanceof ZsmallocError) || error.code !== 'ERR_ZS_WOULD_BLOCK') throw error;
        threw = true;
        refusals++;
      }
      strategy.refuse = () => false;
      pool.verify();
      if (threw && name !== 'compact') {
        const { busySkips: _b, pagesFree: _f, ...same } = before;
        expect(pool.stats(), `after refusal ${n}`).toMatchObject(same);
        call(pool, doomed, page);
        pool.verify();
      }
      for (const handle of kept) expect(pool.sizeOf(handle)).toBe(500);
      made.ledger.host.agent.mayBlock = true;
      expect(pool.compact().ran, `after refusal ${n}`).toBe(true);
    }
    expect(refusals).toBeGreaterThan(0);
  });
});

describe('an agent that must not block', () => {
  it('is told so by free only when nothing was freed, although a free may compact', () => {
    const made = usePool({ compactAbove: 0.1 });
    const { pool, strategy, plan } = made;
    const handles = Array.from({ length: 256 }, (_, i) => filled(pool, 500, i));
    made.ledger.host.agent.mayBlock = false;
    // Somebody else is inside the pool for good: no object can be moved, everything else works.
    strategy.refuse = (_, kind) => kind === 'pool write';
    for (const [i, handle] of handles.entries()) if (i % 4 !== 0) pool.free(handle);
    strategy.refuse = () => false;
    expect(pool.stats().objects).toBe(64);
    expect(plan.pageBytes).toBe(4096);
  });

  it('keeps pages that it cannot return, and returns them later', () => {
    const made = usePool();
    const { pool, strategy, plan, words } = made;
    const handle = pool.malloc(4096);
    const other = pool.malloc(4096);
    const { pagesFree } = pool.stats();
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    made.ledger.host.agent.mayBlock = false;
    strategy.refuse = (_, kind, index) => kind === 'structure' && index === plan.pagesLock;
    pool.free(handle);
    expect(words[pageField(made, Math.floor(offset / 4096), 'owner')]).not.toBe(0);
    strategy.refuse = () => false;
    expect(pool.stats()).toMatchObject({ pagesFree, objects: 1 });
    pool.free(other);
    expect(pool.stats()).toMatchObject({ pagesFree: pagesFree + 2, objects: 0 });
  });

  it('does not take pages with it when it detaches', () => {
    const made = makePool();
    const { pool, strategy, plan } = made;
    const witness = attachTo(made);
    const handle = pool.malloc(4096);
    made.ledger.host.agent.mayBlock = false;
    strategy.refuse = (_, kind, index) => kind === 'structure' && index === plan.pagesLock;
    pool.free(handle);
    refusal(() => pool.detach(), 'ERR_ZS_WOULD_BLOCK');
    strategy.refuse = () => false;
    pool.detach();
    expect(witness.stats()).toMatchObject({ agents: 1, pagesUsed: 0 });
    witness.verify();
  });
});
