// Words of lockdep in a pool's buffer. No offset is written anywhere else.

import { defineLayout } from '@zsmalloc/core/strategy';
import type { Layout } from '@zsmalloc/core/strategy';

/** Lock nodes that a graph can have. The largest pool has 193 classes and needs 198. */
export const NODES_MAX = 256;
/** Edges whose places are kept. A pool makes about one per size class, and some for what its users nest. */
export const EDGES_MAX = 512;
/** Call sites that are kept. */
export const SITES_MAX = 96;
/** Bits of a row in one word: words stay small integers everywhere. */
export const ROW_BITS = 30;
/** Words of a row of the matrix. */
export const ROW_WORDS: number = Math.ceil(NODES_MAX / ROW_BITS);

const edgeFields: Record<'key' | 'places', Layout['fields'][string]> = {
  key: { words: 1, guard: 'atomic', doc: 'Bits 0-7 held node, 8-15 wanted node, 16-23 agent; 0 while not written.' },
  places: { words: 1, guard: 'init', doc: 'Bits 0-14 where the held lock was taken, 15-29 where the other is wanted.' },
};
export const EDGE: Layout<'key' | 'places'> = defineLayout('lockdep edge', 1, edgeFields);

const siteFields: Record<'header' | 'text', Layout['fields'][string]> = {
  header: { words: 1, guard: 'atomic', doc: 'Bits 0-8 length in bytes, 9-28 hash, 29 written; 0 while not written.' },
  text: { words: 79, guard: 'init', doc: 'Where in the program: UTF-8, 3 bytes a word.' },
};
export const SITE: Layout<'header' | 'text'> = defineLayout('lockdep site', 1, siteFields);

const poolFields: Record<
  'matrix' | 'reports' | 'edgeCount' | 'siteCount' | 'edges' | 'sites',
  Layout['fields'][string]
> = {
  matrix: { words: NODES_MAX * ROW_WORDS, guard: 'atomic', doc: 'Row h, bit w: h was held while w was waited for.' },
  reports: { words: 1, guard: 'atomic', doc: 'Errors made by all agents.' },
  edgeCount: { words: 1, guard: 'atomic', doc: 'Edges recorded; more than fit are counted and not kept.' },
  siteCount: { words: 1, guard: 'atomic', doc: 'Call sites recorded; more than fit are counted and not kept.' },
  edges: { words: EDGES_MAX * EDGE.words, guard: 'atomic', doc: 'Edge records.' },
  sites: { words: SITES_MAX * SITE.words, guard: 'atomic', doc: 'Call site records.' },
};
export const POOL: Layout<'matrix' | 'reports' | 'edgeCount' | 'siteCount' | 'edges' | 'sites'> = defineLayout(
  'lockdep pool',
  1,
  poolFields,
);

const lockFields: Record<'owner', Layout['fields'][string]> = {
  owner: {
    words: 1,
    guard: 'strategy',
    doc: 'Bits 0-7 agent that took the lock last, 8-22 where; bit 23: it still holds it.',
  },
};
/** Behind the words of the decorated strategy, in each structure lock. */
export const LOCK: Layout<'owner'> = defineLayout('lockdep lock', 1, lockFields);
