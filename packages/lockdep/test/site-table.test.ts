import { expect, it } from 'vitest';
import { EdgeLog } from '../src/edge-log.ts';
import { EDGES_MAX, EDGE, SITE, SITES_MAX } from '../src/records.ts';
import { SiteTable } from '../src/site-table.ts';

const newWords = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * (1 + count)));

it('gives a text back, the same number for the same text, and cuts a long one between characters', () => {
  const words = newWords(SITES_MAX * SITE.words);
  const table = new SiteTable(words, 0, 1);
  expect(table.textOf(table.intern('main.js:10 < Pool.read pool.js:3'))).toBe('main.js:10 < Pool.read pool.js:3');
  const long = 'ü'.repeat(300);
  const site = table.intern(long);
  expect(new SiteTable(words, 0, 1).intern(long)).toBe(site);
  expect(table.textOf(site)).toBe('ü'.repeat(118));
  expect(table.textOf(0)).toBe('');
  for (const word of words) expect(word).toBeGreaterThanOrEqual(0);
});

it('says so when it is full, and keeps what it has', () => {
  const table = new SiteTable(newWords(SITES_MAX * SITE.words), 0, 1);
  const sites = Array.from({ length: SITES_MAX + 20 }, (_, i) => table.intern(`site ${i}`));
  expect(new Set(sites.slice(0, SITES_MAX)).size).toBe(SITES_MAX);
  expect(sites.slice(SITES_MAX).every((site) => site === 0)).toBe(true);
  expect(table.intern('site 5')).toBe(sites[5]);
  expect(table.textOf(sites[SITES_MAX - 1]!)).toBe(`site ${SITES_MAX - 1}`);
});

it('keeps the first edges when the log is full', () => {
  const log = new EdgeLog(newWords(EDGES_MAX * EDGE.words), 0, 1);
  const edges = Array.from({ length: EDGES_MAX + 20 }, (_, i) => [i % 256, Math.floor(i / 256)] as const);
  for (const [held, wanted] of edges) log.record(held, wanted, { agent: 255, heldPlace: 0x7fff, wantedPlace: 1 });
  expect(log.find(...edges[EDGES_MAX - 1]!)).toEqual({ agent: 255, heldPlace: 0x7fff, wantedPlace: 1 });
  expect(log.find(...edges[EDGES_MAX]!)).toBeUndefined();
});
