// The n-th page that a call asks for is refused, for all n: it does without, or throws ERR_ZS_NO_MEMORY having lost nothing.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { describe, expect, it } from 'vitest';
import { strategies } from './strategies.ts';
import { isWhole, payload } from './workers/payload.mjs';

const POOL_BYTES = 1024 * 1024;
const SIZES = [40, 600, 1360, 2700, 4000];
const READS = 100;

interface Allocator {
  popPageLocked(): number;
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

describe.each(strategies)('$name', ({ strategy }) => {
  it.each(Object.keys(operations))('loses nothing when a page is refused to %s', (what) => {
    const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 2 });
    const live = filled(pool);
    const { pages } = pool as unknown as { pages: Allocator };
    const pop = pages.popPageLocked.bind(pages);
    let asked = Infinity;
    for (let refused = 1; asked >= refused; refused++) {
      asked = 0;
      pages.popPageLocked = () => (++asked === refused ? 0 : pop());
      try {
        operations[what]!(pool, live);
      } catch (error) {
        expect((error as { code?: unknown }).code).toBe('ERR_ZS_NO_MEMORY');
      }
      pages.popPageLocked = pop;
      pool.verify();
      for (const handle of live.keys()) expect(pool.read(handle, isWhole)).toBe(true);
    }
    for (const handle of live.keys()) pool.free(handle);
  });
});
