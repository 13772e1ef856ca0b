// The data of a replay: pages of a real file, compressed once, before anything is timed.
//
// The parent process builds the data set and writes it to a temporary file; each measured process reads the file into
// shared memory, so that no measured process ever compresses.
//
// FILE   count, data bytes (int32 each) | per page: kind, offset, length, checksum (int32 each) | data, pages on
// multiples of 8

import { openSync, readSync, closeSync, fstatSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { check } from './checks.ts';
import { checksum } from './checksum.ts';

/** What zram would store for a page. */
export const KIND = { same: 0, compressed: 1, raw: 2 } as const;

export const DATA_PAGE_BYTES = 4096;
const ENTRY_WORDS = 4;
const HEADER_WORDS = 2;

/** Counts of a data set. */
export interface DatasetSummary {
  readonly pages: number;
  readonly samePages: number;
  readonly rawPages: number;
  /** Bytes that storing every page once takes. */
  readonly bytes: number;
  readonly objectBytesMax: number;
}

function allWordsEqual(page: Buffer): boolean {
  const first = page.readBigUInt64LE(0);
  for (let offset = 8; offset < page.length; offset += 8) if (page.readBigUInt64LE(offset) !== first) return false;
  return true;
}

/**
 * Compresses `pages` pages, spread evenly over the files at `sources`, and writes them to `target`.
 *
 * @param hugeBytes A page that compresses to this or more is stored as it is.
 */
export function buildDataset(
  sources: readonly string[],
  target: string,
  pages: number,
  hugeBytes: number,
): DatasetSummary {
  // Whole pages of each file: a page never spans two of them.
  const file = Buffer.concat(
    sources.map((source) => {
      const bytes = readFileSync(source);
      return bytes.subarray(0, bytes.length - (bytes.length % DATA_PAGE_BYTES));
    }),
  );
  const available = file.length / DATA_PAGE_BYTES;
  const count = Math.min(pages, available);
  check(
    count > 0,
    `cannot build the data set: ${sources.join(', ')}: shorter than one page of ${DATA_PAGE_BYTES} bytes.`,
  );
  const entries = new Int32Array(count * ENTRY_WORDS);
  const parts: Buffer[] = [];
  const tally = { samePages: 0, rawPages: 0, bytes: 0, objectBytesMax: 0 };
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const start = Math.floor((index * available) / count) * DATA_PAGE_BYTES;
    const page = file.subarray(start, start + DATA_PAGE_BYTES);
    if (allWordsEqual(page)) {
      entries.set([KIND.same, 0, 0, page.readInt32LE(0)], index * ENTRY_WORDS);
      tally.samePages++;
      continue;
    }
    const small = deflateRawSync(page, { level: constants.Z_BEST_SPEED });
    const raw = small.length >= hugeBytes;
    const object = raw ? page : small;
    const padded = Buffer.alloc(Math.ceil(object.length / 8) * 8);
    padded.set(object);
    const words = new Int32Array(padded.buffer, padded.byteOffset, padded.length >> 2);
    const sum = checksum(padded, words, 0, object.length);
    entries.set([raw ? KIND.raw : KIND.compressed, offset, object.length, sum], index * ENTRY_WORDS);
    parts.push(padded);
    offset += padded.length;
    tally.bytes += object.length;
    tally.objectBytesMax = Math.max(tally.objectBytesMax, object.length);
    if (raw) tally.rawPages++;
  }
  const header = Int32Array.of(count, offset);
  writeFileSync(target, Buffer.concat([Buffer.from(header.buffer), Buffer.from(entries.buffer), ...parts]));
  return { pages: count, ...tally };
}

/** Reads a data set file into shared memory. */
export function readDataset(path: string): SharedArrayBuffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let done = 0;
    while (done < size) {
      const got = readSync(file, bytes, done, size - done, done);
      check(got > 0, `cannot read the data set: ${path} ended after ${done} of ${size} bytes.`);
      done += got;
    }
    return bytes.buffer as SharedArrayBuffer;
  } finally {
    closeSync(file);
  }
}

/** One agent's view of a data set in shared memory. */
export class Dataset {
  readonly count: number;
  /** Objects by page; empty for same-filled pages. Made once: a view costs more than an Atomics call. */
  readonly objects: readonly Uint8Array[];
  readonly #entries: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    const [count, dataBytes] = new Int32Array(buffer, 0, HEADER_WORDS) as unknown as [number, number];
    this.count = count;
    this.#entries = new Int32Array(buffer, HEADER_WORDS * 4, count * ENTRY_WORDS);
    const dataOffset = (HEADER_WORDS + count * ENTRY_WORDS) * 4;
    check(dataOffset + dataBytes === buffer.byteLength, 'cannot use the data set: its length and its header disagree.');
    this.objects = Array.from({ length: count }, (_, page) => {
      const offset = this.#entries[page * ENTRY_WORDS + 1]!;
      return new Uint8Array(buffer, dataOffset + offset, this.lengthOf(page));
    });
  }

  isSame(page: number): boolean {
    return this.#entries[page * ENTRY_WORDS] === KIND.same;
  }

  lengthOf(page: number): number {
    return this.#entries[page * ENTRY_WORDS + 2]!;
  }

  checksumOf(page: number): number {
    return this.#entries[page * ENTRY_WORDS + 3]!;
  }
}
