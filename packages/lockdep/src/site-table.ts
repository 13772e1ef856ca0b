// Call sites as text in the pool's buffer, so that an agent can read where another one was.
//
// RULES
//   1. A record is claimed, written, and then shown by its header. It is never written again.
//   2. The same text has the same number, but for agents that record it at the same time.
//   3. When the table is full, places have their operation only.

import type { WordIndex, Words } from '@zsmalloc/core/words';
import { SITE, SITES_MAX } from './records.ts';

const BYTES_PER_WORD = 3;
const LENGTH_BITS = 9;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const HASH_MASK = (1 << 20) - 1;
const WRITTEN = 1 << 29;
const TEXT_BYTES = SITE.fields.text.words * BYTES_PER_WORD;

/** See the head of the file. */
export class SiteTable {
  private readonly words: Words;
  private readonly countWord: WordIndex;
  private readonly base: WordIndex;

  constructor(words: Words, countWord: WordIndex, base: WordIndex) {
    this.words = words;
    this.countWord = countWord;
    this.base = base;
  }

  /** Number of a text, from 1; 0 when the table is full. */
  intern(text: string): number {
    const { words } = this;
    const bytes = encode(text);
    const header = bytes.length | (hashOf(bytes) << LENGTH_BITS) | WRITTEN;
    const known = this.find(header, bytes);
    if (known !== 0) return known;
    // order: relaxed, no partner. Only the number counts.
    const index = Atomics.add(words, this.countWord, 1);
    if (index >= SITES_MAX) {
      // order: relaxed, no partner. So that the count cannot overflow.
      Atomics.store(words, this.countWord, SITES_MAX);
      return 0;
    }
    const record = this.base + index * SITE.words;
    for (let at = 0; at < bytes.length; at++) {
      const word = record + SITE.at.text + Math.floor(at / BYTES_PER_WORD);
      words[word]! |= bytes[at]! << (8 * (at % BYTES_PER_WORD));
    }
    // order: release, pairs with find and textOf. The text is written.
    Atomics.store(words, record + SITE.at.header, header);
    return index + 1;
  }

  /** Text of a number; empty when there is none. */
  textOf(site: number): string {
    if (site === 0) return '';
    const record = this.base + (site - 1) * SITE.words;
    // order: acquire, pairs with intern.
    const header = Atomics.load(this.words, record + SITE.at.header);
    const bytes = new Uint8Array(header & LENGTH_MASK);
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.byteAt(record, at);
    return new TextDecoder().decode(bytes);
  }

  private find(header: number, bytes: Uint8Array): number {
    // order: relaxed, pairs with intern. Headers decide.
    const count = Math.min(SITES_MAX, Atomics.load(this.words, this.countWord));
    for (let index = 0; index < count; index++) {
      const record = this.base + index * SITE.words;
      // order: acquire, pairs with intern.
      if (Atomics.load(this.words, record + SITE.at.header) !== header) continue;
      if (bytes.every((byte, at) => byte === this.byteAt(record, at))) return index + 1;
    }
    return 0;
  }

  private byteAt(record: WordIndex, at: number): number {
    const word = this.words[record + SITE.at.text + Math.floor(at / BYTES_PER_WORD)]!;
    return (word >>> (8 * (at % BYTES_PER_WORD))) & 0xff;
  }
}

/** UTF-8, cut between two characters where it is too long. */
function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  return bytes.subarray(0, written);
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash ^ (hash >>> 20)) & HASH_MASK;
}
