import { describe, expect, it } from 'vitest';
import { HEADER, PAGE } from '../src/layout/records.ts';
import { SEED, classFor, expectFilled, filled, pageField, pattern, randomBy, refusal, usePool } from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

/** Fills a pool with objects of all kinds and frees some; returns size and seed of those that live. */
function populate(made: TestPool, random: () => number): Map<number, [number, number]> {
  const live = new Map<number, [number, number]>();
  const sizes = [1, 24, 25, 40, 500, 520, 1000, 1600, 3000, 3600, 3624, 3625, 4096];
  for (let i = 0; i < 400; i++) {
    const size = sizes[Math.floor(random() * sizes.length)]!;
    live.set(filled(made.pool, size, i), [size, i]);
  }
  for (const handle of live.keys()) if (random() < 0.3 && live.delete(handle)) made.pool.free(handle);
  return live;
}

/** Where each live object starts, by handle. */
function pagesOf({ pool }: TestPool, live: Iterable<number>): Map<number, number> {
  const pages = new Map<number, number>();
  for (const handle of live) {
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    pages.set(handle, Math.floor(offset / pool.stats().pageBytes));
  }
  return pages;
}

describe.each([
  { pageBytes: 4096, chainPages: 8, poolLock: true },
  { pageBytes: 4096, chainPages: 16, poolLock: false },
  { pageBytes: 8192, chainPages: 4, poolLock: false },
])('migratePage with $pageBytes-byte pages, chains of $chainPages, pool lock $poolLock', (shape) => {
  it(`moves every page again and again, patches the cells of live objects that start in it, and keeps all bytes (seed ${SEED})`, () => {
    const made = usePool({ ...shape, bytes: 4 * 2 ** 20 });
    const { pool, plan, words } = made;
    const live = populate(made, randomBy(SEED));
    for (let round = 0; round < 3; round++) {
      const before = pool.stats();
      const starts = pagesOf(made, live.keys());
      const owned = Array.from({ length: plan.pages - plan.firstPage }, (_, i) => plan.firstPage + i).filter(
        (page) => words[pageField(made, page, 'owner')] !== 0,
      );
      expect(owned.length).toBe(before.pagesUsed);
      for (const page of owned) {
        const here = [...starts].filter(([, at]) => at === page).map(([handle]) => handle);
        const result = pool.migratePage(page);
        expect(result, `page ${page}, seed ${SEED}`).toMatchObject({ result: 'migrated', patchedCells: here.length });
        expect(result.page).not.toBe(page);
        for (const handle of here) starts.set(handle, result.page);
        expect(words[pageField(made, page, 'owner')]).toBe(0);
      }
      expect(pagesOf(made, live.keys())).toEqual(starts);
      expect(pool.stats()).toEqual(before);
      for (const [handle, [size, seed]] of live) expectFilled(pool, handle, size, seed);
      pool.verify();
    }
  });

  it(`leaves free lists from which objects can be allocated and compacted (seed ${SEED})`, () => {
    const made = usePool({ ...shape, bytes: 4 * 2 ** 20 });
    const { pool, plan } = made;
    const random = randomBy(SEED + 1);
    const live = populate(made, random);
    for (let round = 0; round < 200; round++) {
      pool.migratePage(plan.firstPage + Math.floor(random() * (plan.pages - plan.firstPage)));
      const size = [24, 40, 520, 1600, 3600, 4096][round % 6]!;
      live.set(filled(pool, size, 1000 + round), [size, 1000 + round]);
      const [oldest] = live.keys();
      pool.free(oldest!);
      live.delete(oldest!);
    }
    pool.verify();
    pool.compact();
    for (const [handle, [size, seed]] of live) expectFilled(pool, handle, size, seed);
  });
});

describe('migratePage', () => {
  it('takes the page first that was freed last', () => {
    const { pool, words } = usePool();
    const handle = filled(pool, 100, 1);
    const doomed = pool.malloc(4096);
    pool.free(doomed);
    const target = words[HEADER.at.pageFreeHead];
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    expect(pool.migratePage(Math.floor(offset / 4096))).toEqual({ result: 'migrated', page: target, patchedCells: 1 });
    expectFilled(pool, handle, 100, 1);
  });

  it('is busy while a reader is inside the zspage, in whichever page', () => {
    const made = usePool();
    const { pool } = made;
    const handles = Array.from({ length: classFor(made, 3600).objectsPerZspage }, (_, i) => filled(pool, 3600, i));
    const pages = [...new Set(pagesOf(made, handles).values())];
    expect(pages.length).toBe(8);
    const hold = pool.hold(handles[0]!);
    const before = pool.stats();
    for (const page of pages) expect(pool.migratePage(page)).toEqual({ result: 'busy', page, patchedCells: 0 });
    expect(pool.stats()).toEqual({ ...before, busySkips: before.busySkips + 8 });
    expect(Buffer.compare(Buffer.concat(hold.segments), pattern(3600, 0))).toBe(0);
    hold.release();
    for (const page of pages) expect(pool.migratePage(page).result).toBe('migrated');
  });

  it('finds pages vacant that are free, fresh, or hold handle cells', () => {
    const made = usePool();
    const { pool, plan, words } = made;
    const freed = pool.malloc(4096);
    const kept = filled(pool, 100, 1);
    pool.free(freed);
    let vacant = 0;
    for (let page = plan.firstPage; page < plan.pages; page++) {
      if (words[pageField(made, page, 'owner')] !== 0) continue;
      expect(pool.migratePage(page)).toEqual({ result: 'vacant', page, patchedCells: 0 });
      vacant++;
    }
    expect(vacant).toBe(plan.pages - plan.firstPage - 1);
    expectFilled(pool, kept, 100, 1);
  });

  it('is full when there is no page to move to', () => {
    const made = usePool({ dataPages: 17, agents: 1 });
    const { pool } = made;
    const handle = filled(pool, 4096, 1);
    while (pool.tryMalloc(4096) !== 0);
    const page = pagesOf(made, [handle]).get(handle)!;
    expect(pool.migratePage(page)).toEqual({ result: 'full', page, patchedCells: 0 });
    expectFilled(pool, handle, 4096, 1);
  });

  it('migrates the empty zspage that a reader left behind', () => {
    const made = usePool();
    const { pool } = made;
    for (const size of [100, 4096]) {
      const handle = pool.malloc(size);
      const offset = pool.readBegin(handle);
      pool.free(handle);
      pool.readEnd(offset);
      expect(pool.migratePage(Math.floor(offset / 4096))).toMatchObject({ result: 'migrated', patchedCells: 0 });
      pool.verify();
      const heir = filled(pool, size, 1);
      expectFilled(pool, heir, size, 1);
    }
  });

  it.each([0, -1, 0.5, Number.NaN, 1e9, '20'])('rejects %s as a page', (page) => {
    const { pool } = usePool();
    refusal(() => pool.migratePage(page as number), 'ERR_ZS_BAD_PAGE');
  });

  it('rejects the last page of the tables and the page behind the last one, and takes those beside them', () => {
    const { pool, plan } = usePool();
    for (const page of [plan.firstPage - 1, plan.pages]) refusal(() => pool.migratePage(page), 'ERR_ZS_BAD_PAGE');
    for (const page of [plan.firstPage, plan.pages - 1]) expect(pool.migratePage(page).result).toBe('vacant');
  });

  it('finds a page vacant that has left its zspage and waits for its way back to the allocator', () => {
    const made = usePool();
    const { pool, strategy, plan } = made;
    const handle = filled(pool, 100, 1);
    const page = pagesOf(made, [handle]).get(handle)!;
    // An agent that must not wait keeps the page while another one has the allocator.
    strategy.ledgers[0]!.host.agent.mayBlock = false;
    strategy.refuse = (nth, kind, index) => nth > 1 && kind === 'structure' && index === plan.pagesLock;
    strategy.acquisitions = 0;
    expect(pool.migratePage(page).result).toBe('migrated');
    strategy.refuse = () => false;
    expect(pool.migratePage(page)).toEqual({ result: 'vacant', page, patchedCells: 0 });
    expectFilled(pool, handle, 100, 1);
    expect(PAGE.words).toBe(2);
  });
});
