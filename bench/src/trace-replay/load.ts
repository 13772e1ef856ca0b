// Finds and reads trace files.

import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readTrace } from '@zsmalloc/trace';
import type { Trace } from '@zsmalloc/trace';

const EXTENSION = /\.zstrace(\.gz)?$/;
const DATA_FOLDER = new URL('../../data/', import.meta.url);

/** Paths of the traces that come with the bench. */
export function shippedTraces(): string[] {
  const names = readdirSync(DATA_FOLDER).filter((name) => EXTENSION.test(name));
  return names.sort().map((name) => fileURLToPath(new URL(name, DATA_FOLDER)));
}

/** How a trace is called in tables. */
export function traceName(path: string): string {
  return basename(path).replace(EXTENSION, '');
}

/** Reads a trace file, gzipped or not. Throws an error that names the file, with that of `readTrace` as its cause. */
export function loadTrace(path: string): Trace {
  try {
    const bytes = readFileSync(path);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return readTrace(packed ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new Error(`cannot replay ${path}: ${(error as Error).message}`, { cause: error });
  }
}
