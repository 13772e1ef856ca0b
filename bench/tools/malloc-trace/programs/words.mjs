// Compresses, inflates, hashes and reads on the threads of libuv's pool.

import { createHash, pbkdf2 } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';

const path = process.argv[2];
const text = readFileSync(path);
const parts = Array.from({ length: 40 }, (_, index) => text.subarray(index * 800, (index + 1) * 800));
for (let round = 0; round < 12; round++) {
  const packed = await Promise.all(parts.map((part) => promisify(deflate)(part)));
  await Promise.all(packed.map((part) => promisify(inflate)(part)));
  await Promise.all(parts.slice(0, 8).map((part) => promisify(pbkdf2)(part, 'salt', 10, 32, 'sha256')));
  await Promise.all(parts.slice(0, 8).map(() => readFile(path)));
  for (const part of parts) createHash('sha256').update(part).digest();
}
