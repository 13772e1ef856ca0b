// Reads the vectors: tables that were computed, or measured on a kernel, apart from this code.

import { readFileSync } from 'node:fs';

function read(name: string): Buffer {
  return readFileSync(new URL(`vectors/${name}`, import.meta.url));
}

/** Rows of a CSV file by column name. */
export function csv(name: string): Record<string, string>[] {
  const [head, ...lines] = read(name).toString('utf8').trim().split('\n');
  const columns = head!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]!]));
  });
}

export function uint16s(name: string): Uint16Array {
  const bytes = read(name);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

export function uint32s(name: string): Uint32Array {
  const bytes = read(name);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
}
