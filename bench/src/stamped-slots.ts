// Objects whose contents tell whether they are the right ones: for each slot a handle and a version; the object begins and
// ends with a stamp of both, and is filled with a pattern in between.
//
// RULES
//   1. A slot belongs to one worker, which alone replaces its object. Slots of different workers alternate, so that their
//      objects share zspages. Slots of nobody are never replaced, and everybody may read them.
//   2. Reads by others than the owner happen only where no owner replaces. So the harness needs no Atomics at all.

import type { Pool } from '@zsmalloc/core';
import { CheckError, check } from './checks.ts';
import type { ReplayPool } from './null-pool.ts';
import type { Random } from './random.ts';

/** Eight size classes; multiples of 8, so that stamps are aligned. */
export const STAMPED_BYTES: readonly number[] = [48, 96, 176, 320, 576, 1024, 1744, 3072];
const PATTERN = 0x5a;
const SLOT_WORDS = 3;
const HANDLE = 0;
const VERSION = 1;
const SIZE = 2;

function stampOf(slot: number, version: number): number {
  return Math.imul(slot + 1, 0x9e3779b1) ^ Math.imul(version + 1, 0x85ebca6b);
}

/** One agent's view of the slots and of the pool that their objects are in. */
export class StampedSlots {
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
  readonly #slots: Int32Array;
  readonly #pool: ReplayPool;
  readonly #words: Int32Array;
  /** One object's bytes of each size, to be stamped and written. */
  readonly #sources: readonly { bytes: Uint8Array; words: Int32Array }[];

  constructor(pool: ReplayPool, buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#slots = new Int32Array(buffer);
    this.count = this.#slots.length / SLOT_WORDS;
    this.#pool = pool;
    this.#words = new Int32Array(pool.bytes.buffer);
    this.#sources = STAMPED_BYTES.map((size) => {
      const bytes = new Uint8Array(size).fill(PATTERN);
      return { bytes, words: new Int32Array(bytes.buffer) };
    });
  }

  static create(pool: ReplayPool, count: number): StampedSlots {
    return new StampedSlots(pool, new SharedArrayBuffer(count * SLOT_WORDS * 4));
  }

  handleOf(slot: number): number {
    return this.#slots[slot * SLOT_WORDS + HANDLE]!;
  }

  /** Reads the slot's object: the stamps must be right. `inside` runs while the read is open. */
  read(slot: number, inside?: () => void): void {
    const offset = this.#pool.readBegin(this.handleOf(slot));
    inside?.();
    const isRight = this.#isRight(slot, offset);
    this.#pool.readEnd(offset);
    if (!isRight) throw new CheckError(`a read of slot ${slot} found another object, or torn bytes.`);
  }

  /** Looks at the stamps of a read that is open at `offset`. */
  #isRight(slot: number, offset: number): boolean {
    const { readLength: length, readFirstBytes: first, readSecondOffset: second } = this.#pool;
    const last = first === length ? offset + length - 4 : second + (length - first) - 4;
    const stamp = stampOf(slot, this.#slots[slot * SLOT_WORDS + VERSION]!);
    return this.#words[offset >>> 2] === stamp && this.#words[last >>> 2] === stamp;
  }

  /** Verifies the stamps of an object that is held. */
  verifyView(slot: number, segments: readonly Uint8Array[]): void {
    const [first, last] = [segments[0]!, segments.at(-1)!];
    const stamp = stampOf(slot, this.#slots[slot * SLOT_WORDS + VERSION]!);
    const begins = new DataView(first.buffer, first.byteOffset).getInt32(0, true);
    const ends = new DataView(last.buffer, last.byteOffset + last.length - 4).getInt32(0, true);
    check(begins === stamp && ends === stamp, `a hold of slot ${slot} shows another object, or torn bytes.`);
  }

  /** Stores a new object of random size and frees the old one. Returns false, changing nothing, when the pool is full. */
  replace(slot: number, random: Random): boolean {
    const size = random.below(STAMPED_BYTES.length);
    const at = slot * SLOT_WORDS;
    const handle = this.#pool.tryMalloc(STAMPED_BYTES[size]!);
    if (handle === 0) return false;
    const version = (this.#slots[at + VERSION]! + 1) | 0;
    const { bytes, words } = this.#sources[size]!;
    const stamp = stampOf(slot, version);
    words[0] = stamp;
    words[words.length - 1] = stamp;
    this.#pool.write(handle, bytes);
    const old = this.#slots[at + HANDLE]!;
    if (old !== 0) this.#pool.free(old);
    this.#slots[at + HANDLE] = handle;
    this.#slots[at + VERSION] = version;
    this.#slots[at + SIZE] = size;
    return true;
  }

  /** Frees the slot's object, if it has one. */
  empty(slot: number): void {
    const at = slot * SLOT_WORDS;
    const handle = this.#slots[at + HANDLE]!;
    if (handle !== 0) this.#pool.free(handle);
    this.#slots[at + HANDLE] = 0;
  }

  /** Fills every slot. */
  stock(random: Random): void {
    for (let slot = 0; slot < this.count; slot++)
      check(this.replace(slot, random), 'the pool is too small for its slots.');
  }

  /** Verifies every byte of every object while no worker runs, and the pool itself. Throws a CheckError. */
  verifyAll(pool: Pool): { objects: number; bytes: number } {
    const seen = new Set<number>();
    let bytes = 0;
    for (let slot = 0; slot < this.count; slot++) {
      const handle = this.handleOf(slot);
      if (handle === 0) continue;
      check(!seen.has(handle), `slot ${slot} has handle ${handle}, which another slot has too.`);
      seen.add(handle);
      bytes += this.#verify(pool, slot, handle);
    }
    pool.verify();
    const { objects, bytesStored } = pool.stats();
    check(objects === seen.size, `the pool counts ${objects} objects, the slots hold ${seen.size}.`);
    check(bytesStored === bytes, `the pool counts ${bytesStored} bytes stored, the slots hold ${bytes}.`);
    return { objects, bytes };
  }

  #verify(pool: Pool, slot: number, handle: number): number {
    const at = slot * SLOT_WORDS;
    const { bytes, words } = this.#sources[this.#slots[at + SIZE]!]!;
    const stamp = stampOf(slot, this.#slots[at + VERSION]!);
    words[0] = stamp;
    words[words.length - 1] = stamp;
    const stored = new Uint8Array(bytes.length);
    const length = pool.sizeOf(handle);
    check(length === bytes.length, `slot ${slot}: the object has ${length} bytes, but ${bytes.length} were stored.`);
    pool.readInto(handle, stored);
    check(Buffer.compare(stored, bytes) === 0, `slot ${slot}: the bytes are not what was stored.`);
    return length;
  }
}
