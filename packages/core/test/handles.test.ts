import { describe, expect, it } from 'vitest';
import { HANDLE_BITS } from '../src/layout/plan.ts';
import { HEADER } from '../src/layout/records.ts';
import type { HoldingPool } from '../src/api.ts';
import {
  SEED,
  attachTo,
  classField,
  classFor,
  expectFilled,
  filled,
  makePool,
  randomBy,
  refusal,
  usePool,
} from './use-pool.ts';

const HANDLE_MAX = 2 ** HANDLE_BITS - 1;

/** Every call that takes a handle. */
const uses: [string, (pool: HoldingPool, handle: number) => unknown][] = [
  ['free', (pool, handle) => pool.free(handle)],
  ['sizeOf', (pool, handle) => pool.sizeOf(handle)],
  ['write', (pool, handle) => pool.write(handle, new Uint8Array(1))],
  ['read', (pool, handle) => pool.read(handle, () => 0)],
  ['readInto', (pool, handle) => pool.readInto(handle, new Uint8Array(4096))],
  ['readBegin', (pool, handle) => pool.readBegin(handle)],
  ['hold', (pool, handle) => pool.hold(handle)],
];

/** True when a handle is rejected; building a million stack traces would take longer than the test. */
function rejects(pool: HoldingPool, handle: number): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    pool.sizeOf(handle);
    return false;
  } catch (error) {
    expect((error as { code: string }).code).toBe('ERR_ZS_BAD_HANDLE');
    return true;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

describe.each(uses)('%s', (_, use) => {
  it.each([
    0,
    -0,
    -1,
    Number.NaN,
    0.5,
    1.5,
    Infinity,
    -Infinity,
    2 ** 30,
    2 ** 31,
    2 ** 32 + 1,
    -(2 ** 31),
    '1',
    '',
    null,
    undefined,
    {},
    [7],
    true,
  ])('rejects %s as a handle', (value) => {
    const { pool } = usePool();
    const handle = filled(pool, 100, 1);
    refusal(() => use(pool, value as number), 'ERR_ZS_BAD_HANDLE');
    expectFilled(pool, handle, 100, 1);
  });

  it('rejects a handle that was freed, and one that was never given out', () => {
    const { pool, key } = usePool();
    const [kept, freed] = [filled(pool, 100, 1), filled(pool, 100, 2)];
    pool.free(freed);
    refusal(() => use(pool, freed), 'ERR_ZS_BAD_HANDLE');
    // Cell 0, a cell that is carved and free, one that is not carved, one beyond the last.
    for (const raw of [0, 30, 5000, 2 ** 20]) refusal(() => use(pool, raw ^ key), 'ERR_ZS_BAD_HANDLE');
    expectFilled(pool, kept, 100, 1);
  });

  it('rejects a stale handle although its cell names another object by now', () => {
    const { pool, plan } = usePool();
    const stale = pool.malloc(100);
    pool.free(stale);
    let heir = 0;
    const others: number[] = [];
    while (((heir ^ stale) & ((1 << plan.cellBits) - 1)) !== 0 || heir === 0)
      others.push((heir = filled(pool, 100, 3)));
    expect(heir).not.toBe(stale);
    refusal(() => use(pool, stale), 'ERR_ZS_BAD_HANDLE');
    for (const handle of others) expectFilled(pool, handle, 100, 3);
  });

  it('rejects the handle of a stale huge object', () => {
    const { pool } = usePool();
    const stale = pool.malloc(4096);
    pool.free(stale);
    const kept = filled(pool, 4096, 1);
    refusal(() => use(pool, stale), 'ERR_ZS_BAD_HANDLE');
    expectFilled(pool, kept, 4096, 1);
  });

  it('is refused once the agent has detached', () => {
    const made = makePool();
    const witness = attachTo(made);
    const handle = filled(made.pool, 100, 1);
    made.pool.detach();
    refusal(() => use(made.pool, handle), 'ERR_ZS_DETACHED');
    expect(witness.stats().agents).toBe(1);
    expectFilled(witness, handle, 100, 1);
    witness.verify();
  });
});

describe('handles', () => {
  it('are integers from 1 to 2^30 - 1, all different, whatever the key', () => {
    const random = randomBy(SEED);
    for (const key of [
      1,
      2,
      5,
      31,
      32,
      33,
      1024,
      HANDLE_MAX,
      ...Array.from({ length: 20 }, () => Math.floor(random() * HANDLE_MAX) + 1),
    ]) {
      const { pool } = usePool({ key });
      const handles = Array.from({ length: 2100 }, () => pool.malloc(20));
      expect(new Set(handles).size, `key ${key}`).toBe(handles.length);
      for (const handle of handles) {
        if (!Number.isInteger(handle) || handle < 1 || handle > HANDLE_MAX)
          expect.fail(`handle ${handle} with key ${key}`);
      }
    }
  });

  it('skip the one cell whose handle could be 0', () => {
    const { pool, key, words } = usePool({ key: 5 });
    const handles = Array.from({ length: 40 }, () => pool.malloc(20));
    expect(handles.map((handle) => handle ^ key)).not.toContain(5);
    expect(words[HEADER.at.cellFresh]).toBe(65);
  });

  it(`are all rejected when forged, unless they are live (seed ${SEED})`, () => {
    const { pool, plan, key } = usePool();
    const random = randomBy(SEED);
    const live = new Set<number>();
    for (let i = 0; i < 3000; i++) live.add(pool.malloc(1 + Math.floor(random() * 300)));
    for (const handle of live) {
      if (random() >= 0.5) continue;
      pool.free(handle);
      live.delete(handle);
    }
    const some = [...live];
    const cells = plan.cellsMax + 1;
    let rejected = 0;
    for (let i = 0; i < 1_000_000; i++) {
      const kind = i % 4;
      const near = some[Math.floor(random() * some.length)]!;
      let forged = Math.floor(random() * 2 ** 30);
      if (kind === 1) forged = near ^ (1 << Math.floor(random() * 30));
      if (kind === 2) forged = Math.floor(random() * cells) ^ key;
      if (kind === 3)
        forged =
          ((Math.floor(random() * 2 ** (30 - plan.cellBits)) << plan.cellBits) | Math.floor(random() * 4096)) ^ key;
      if (rejects(pool, forged) === live.has(forged))
        expect.fail(`forged handle ${forged}, kind ${kind}, seed ${SEED}`);
      if (!live.has(forged)) rejected++;
    }
    expect(rejected).toBeGreaterThan(900_000);
  });

  it('of another pool are rejected', () => {
    const here = usePool({ key: 0x1234_5677 });
    const there = usePool({ key: 0x0edc_ba99 });
    const own = new Set(Array.from({ length: 1000 }, () => here.pool.malloc(50)));
    const foreign = Array.from({ length: 1000 }, () => there.pool.malloc(50)).filter((handle) => !own.has(handle));
    expect(foreign.length).toBeGreaterThan(990);
    for (const handle of foreign) {
      if (!rejects(here.pool, handle)) expect.fail(`foreign handle ${handle}`);
      refusal(() => here.pool.free(handle), 'ERR_ZS_BAD_HANDLE');
    }
    expect(here.pool.stats().objects).toBe(1000);
  });

  it('come back only after their cell was used 2^(30 - cellBits) times, and are stale until then', () => {
    const made = usePool({ bytes: 2 ** 30, agents: 1 });
    const { pool, plan, words } = made;
    const generations = 2 ** (HANDLE_BITS - plan.cellBits);
    expect(generations).toBe(32);
    const first = pool.malloc(16);
    const cellsAtHand = words[classField(made, classFor(made, 16).ordinal, 'cellCount')]! + 1;
    pool.free(first);
    const seen = new Set([first]);
    for (let use = 1; use < cellsAtHand * generations; use++) {
      const handle = pool.malloc(16);
      if (seen.has(handle)) expect.fail(`handle ${handle} came back at use ${use}`);
      seen.add(handle);
      if (!rejects(pool, first)) expect.fail(`the first handle is live at use ${use}`);
      pool.free(handle);
    }
    expect(pool.malloc(16)).toBe(first);
  });

  it('of freed objects are reused first-in first-out', () => {
    const { pool, plan } = usePool();
    const cellOf = (handle: number): number => handle & ((1 << plan.cellBits) - 1);
    const handles = Array.from({ length: 32 }, () => pool.malloc(64));
    const order = [7, 3, 31, 0, 12];
    for (const i of order) pool.free(handles[i]!);
    expect(order.map(() => cellOf(pool.malloc(64)))).toEqual(order.map((i) => cellOf(handles[i]!)));
  });
});

describe('the stock of handle cells', () => {
  it('gives a class 32 cells at a time', () => {
    const made = usePool();
    const count = (): number => made.words[classField(made, classFor(made, 64).ordinal, 'cellCount')]!;
    made.pool.malloc(64);
    expect(count()).toBe(31);
    for (let i = 0; i < 31; i++) made.pool.malloc(64);
    expect(count()).toBe(0);
    made.pool.malloc(64);
    expect(count()).toBe(31);
  });

  it('gets back half of what a class keeps beyond 128 cells, and gives it to another class before fresh ones', () => {
    const made = usePool();
    const { pool, words } = made;
    const keeps = (): number => words[classField(made, classFor(made, 64).ordinal, 'cellCount')]!;
    const handles = Array.from({ length: 160 }, () => pool.malloc(64));
    for (const handle of handles.slice(0, 128)) pool.free(handle);
    expect([keeps(), words[HEADER.at.cellFreeCount]]).toEqual([128, 0]);
    pool.free(handles[128]!);
    expect([keeps(), words[HEADER.at.cellFreeCount]]).toEqual([65, 64]);
    const fresh = words[HEADER.at.cellFresh];
    pool.malloc(1000);
    expect(words[HEADER.at.cellFreeCount]).toBe(32);
    expect(words[HEADER.at.cellFresh]).toBe(fresh);
  });

  it('is passed over by a class that has too many cells while another agent has it locked', () => {
    const made = usePool();
    const { pool, words, strategy, plan } = made;
    const keeps = (): number => words[classField(made, classFor(made, 64).ordinal, 'cellCount')]!;
    const handles = Array.from({ length: 160 }, () => pool.malloc(64));
    strategy.refuse = (_nth, kind, index) => kind === 'structure' && index === plan.handlesLock;
    for (const handle of handles.slice(0, 140)) pool.free(handle);
    expect(keeps()).toBe(140);
    strategy.refuse = () => false;
    pool.free(handles[140]!);
    expect(keeps()).toBe(141 - 64);
  });

  it('takes a page for each page of cells, and keeps it', () => {
    const { pool } = usePool();
    const handles: number[] = [];
    const cellPages: number[] = [];
    for (const objects of [1, 1022, 1024, 2046, 2048]) {
      while (handles.length < objects) handles.push(pool.malloc(20));
      cellPages.push(pool.stats().pagesOfHandles);
    }
    // Cell 0 is not used, and the pool's key may rule out another: a page gives 1022 to 1024 cells.
    expect(cellPages).toEqual([1, 1, 2, 2, 3]);
    for (const handle of handles) pool.free(handle);
    expect(pool.stats()).toMatchObject({ pagesOfHandles: 3, pagesUsed: 0, objects: 0 });
  });
});
