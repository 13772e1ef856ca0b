// The bytes of the object that was found last: in place, copied out, or changed. An object spans at most two pages.
//
// Callers are inside the strategy's section that protects the object.

import type { Place } from './read-path.ts';
import type { PoolState } from './state.ts';

/** Words are bytes in order on little-endian machines only. */
const IS_LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Up to so many bytes are loaded by words: making a view and a set cost 27 ns (Node 20), 48 bytes by words 25, 64 bytes 32. */
const LOADED_BY_WORDS_MAX: number = IS_LITTLE_ENDIAN ? 48 : 0;
/** The other way a set of the whole source needs no view and costs 14 ns, 8 bytes by words 3, 16 bytes 11. */
const STORED_BY_WORDS_MAX: number = IS_LITTLE_ENDIAN ? 16 : 0;

/** See the head of the file. */
export class ObjectBytes {
  private readonly state: PoolState;
  private readonly place: Place;
  private readonly bytes: Uint8Array;
  /** Copies of objects that span two pages, by nesting depth of reads. */
  private readonly scratch: Uint8Array[] = [];

  constructor(state: PoolState, place: Place) {
    this.state = state;
    this.place = place;
    this.bytes = state.memory.bytes;
  }

  /** Views of the object: one, or two where it spans pages. */
  segments(): Uint8Array[] {
    const { offset, length, firstBytes, secondOffset } = this.place;
    const first = this.state.memory.view(offset, firstBytes);
    return firstBytes === length ? [first] : [first, this.state.memory.view(secondOffset, length - firstBytes)];
  }

  /** One view of the whole object: in place, or a copy where it spans two pages. */
  linear(depth: number): Uint8Array {
    const { offset, length, firstBytes, secondOffset } = this.place;
    if (firstBytes === length) return this.state.memory.view(offset, length);
    const copy = (this.scratch[depth] ??= new Uint8Array(this.state.plan.pageBytes)).subarray(0, length);
    copy.set(this.state.memory.view(offset, firstBytes));
    copy.set(this.state.memory.view(secondOffset, length - firstBytes), firstBytes);
    return copy;
  }

  /** Copies the object to `target`. */
  load(target: Uint8Array, at: number): void {
    const { offset, length, firstBytes, secondOffset } = this.place;
    if (length <= LOADED_BY_WORDS_MAX && firstBytes === length) {
      copyByWords(this.state.words, offset, length, target, at);
      return;
    }
    target.set(this.state.memory.view(offset, firstBytes), at);
    if (firstBytes < length) target.set(this.state.memory.view(secondOffset, length - firstBytes), at + firstBytes);
  }

  /** Copies `source` to the object, from its byte `at` on. */
  store(source: Uint8Array, at: number): void {
    const { bytes } = this;
    const { offset, firstBytes, secondOffset } = this.place;
    if (at + source.length <= firstBytes) {
      if (source.length <= STORED_BY_WORDS_MAX && ((at | source.length) & 3) === 0)
        storeWords(source, this.state.words, (offset + at) >>> 2);
      else bytes.set(source, offset + at);
    } else if (at >= firstBytes) {
      bytes.set(source, secondOffset + at - firstBytes);
    } else {
      const cut = firstBytes - at;
      bytes.set(source.subarray(0, cut), offset + at);
      bytes.set(source.subarray(cut), secondOffset);
    }
  }
}

/** Copies whole words of `source` to `words`, from `word` on. */
function storeWords(source: Uint8Array, words: Int32Array, word: number): void {
  for (let from = 0, to = word; from < source.length; from += 4) {
    words[to++] = source[from]! | (source[from + 1]! << 8) | (source[from + 2]! << 16) | (source[from + 3]! << 24);
  }
}

/** Copies `length` bytes from byte `offset`, a multiple of 4, to `target`. */
function copyByWords(words: Int32Array, offset: number, length: number, target: Uint8Array, at: number): void {
  let to = at;
  let word = offset >>> 2;
  for (const end = at + (length & ~3); to < end; to += 4) {
    const four = words[word++]!;
    target[to] = four;
    target[to + 1] = four >>> 8;
    target[to + 2] = four >>> 16;
    target[to + 3] = four >>> 24;
  }
  if (to === at + length) return;
  for (let rest = words[word]!; to < at + length; rest >>>= 8) target[to++] = rest;
}
