import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import { bigLock } from '@zsmalloc/lock-spin';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checksum, checksumParts } from '../src/checksum.ts';
import { verifyContents } from '../src/contents.ts';
import { DATA_PAGE_BYTES, Dataset, buildDataset, readDataset } from '../src/dataset.ts';
import { Random } from '../src/random.ts';
import { ReplaySteps } from '../src/replay-steps.ts';
import { SlotTable } from '../src/slot-table.ts';

const PAGES = 60;
let folder: string;
let dataset: Dataset;
let pool: Pool;
let slots: SlotTable;

/** Pages of three kinds: zeros, text that compresses, noise that does not. */
function writeSource(path: string): void {
  const random = new Random(1);
  const file = Buffer.alloc(PAGES * DATA_PAGE_BYTES);
  for (let page = 0; page < PAGES; page++) {
    if (page % 3 === 0) continue;
    const limit = page % 3 === 1 ? 12 : 256;
    for (let at = 0; at < DATA_PAGE_BYTES; at++) file[page * DATA_PAGE_BYTES + at] = random.below(limit);
  }
  writeFileSync(path, file);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  writeSource(join(folder, 'source'));
  pool = createPool({ bytes: 4 * 2 ** 20, strategy: bigLock });
  const summary = buildDataset([join(folder, 'source')], join(folder, 'data'), PAGES, pool.hugeBytes);
  expect(summary).toMatchObject({ pages: PAGES, samePages: 20, rawPages: 20, objectBytesMax: DATA_PAGE_BYTES });
  dataset = new Dataset(readDataset(join(folder, 'data')));
  slots = SlotTable.create(PAGES);
});

afterEach(() => {
  pool.detach();
  rmSync(folder, { recursive: true });
});

describe('a replay', () => {
  it('leaves what verifyContents finds in order', () => {
    const steps = new ReplaySteps(pool, slots, dataset, new Random(5));
    steps.fill();
    for (let step = 0; step < 5000; step++) steps.step();
    const seen = verifyContents(pool, slots, dataset);
    expect(seen).toMatchObject({ slots: PAGES, objects: pool.stats().objects, bytes: pool.stats().bytesStored });
    pool.verify();
  });

  it('is stopped by a read whose bytes have changed', () => {
    const steps = new ReplaySteps(pool, slots, dataset, new Random(5));
    steps.fill();
    for (let slot = 0; slot < PAGES; slot++) {
      if (slots.handleOf(slot) !== 0) pool.write(slots.handleOf(slot), Uint8Array.of(0xee, 0xdd), 8);
    }
    expect(() => {
      for (let step = 0; step < 1000; step++) steps.step();
    }).toThrow(/are not page/);
  });
});

const somePage = (): number => Array.from({ length: PAGES }, (_, page) => page).find((page) => !dataset.isSame(page))!;

function storeOne(page: number): number {
  const handle = pool.malloc(dataset.lengthOf(page));
  pool.write(handle, dataset.objects[page]!);
  slots.setPage(3, handle, page);
  return handle;
}

describe('verifyContents', () => {
  it('catches one changed byte', () => {
    const page = somePage();
    const handle = storeOne(page);
    expect(verifyContents(pool, slots, dataset).objects).toBe(1);
    const last = dataset.lengthOf(page) - 1;
    pool.write(handle, Uint8Array.of(dataset.objects[page]![last]! ^ 1), last);
    expect(() => verifyContents(pool, slots, dataset)).toThrow(`byte ${last} of ${last + 1} is not what was stored`);
  });

  it('catches an object of the wrong length', () => {
    const page = somePage();
    slots.setPage(3, pool.malloc(dataset.lengthOf(page) - 1), page);
    expect(() => verifyContents(pool, slots, dataset)).toThrow(/but \d+ were stored/);
  });

  it('catches one handle in two slots, a lost handle, and a slot left locked', () => {
    const page = somePage();
    slots.setPage(4, storeOne(page), page);
    expect(() => verifyContents(pool, slots, dataset)).toThrow('which another slot has too');
    slots.setPage(4, slots.handleOf(3), -1);
    expect(() => verifyContents(pool, slots, dataset)).toThrow('needs no object but has handle');
    slots.setPage(4, 0, -1);
    slots.tryOwn(5);
    expect(() => verifyContents(pool, slots, dataset)).toThrow('slot 5 is still locked');
  });
});

describe('checksum', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 37);
  const words = new Int32Array(bytes.buffer);

  it('is the same for an object in one part and in two', () => {
    const split = new Uint8Array(128);
    split.set(bytes.subarray(0, 24), 8);
    split.set(bytes.subarray(24, 61), 64);
    expect(checksumParts(split, new Int32Array(split.buffer), 8, 24, 64, 37)).toBe(checksum(bytes, words, 0, 61));
  });

  it('sees swapped words and a changed tail', () => {
    const sum = checksum(bytes, words, 0, 63);
    [words[2], words[3]] = [words[3]!, words[2]!];
    expect(checksum(bytes, words, 0, 63)).not.toBe(sum);
    [words[2], words[3]] = [words[3]!, words[2]!];
    bytes[62]! ^= 1;
    expect(checksum(bytes, words, 0, 63)).not.toBe(sum);
  });
});
