// Unsigned integers, seven bits a byte, least significant first; the top bit says that more follow (LEB128).

import { TraceError } from './errors.ts';

/** Eight groups of seven bits are more than a double holds exactly. */
const VARINT_BYTES_MAX = 8;

/** A buffer that grows as it is written. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param value An integer from 0 to 2^53 - 1. @throws ERR_ZS_TRACE_CORRUPT for any other number. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TraceError(
        'ERR_ZS_TRACE_CORRUPT',
        `cannot write the trace: ${value} is no count, size or number of an object. Keep the rules at the head of trace.ts.`,
        { value },
      );
    }
    this.#reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads from `start` to `end` of `bytes`, and never beyond. */
export class ByteReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.offset = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.offset >= this.#end;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      if (this.offset >= this.#end) throw truncated(this.offset, this.#end);
      const byte = this.#bytes[this.offset++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new TraceError(
      'ERR_ZS_TRACE_CORRUPT',
      `cannot read the trace: the number before byte ${this.offset} exceeds 2^53. Record the trace again.`,
      { offset: this.offset },
    );
  }

  bytes(length: number): Uint8Array {
    if (this.offset + length > this.#end) throw truncated(this.offset + length, this.#end);
    const start = this.offset;
    this.offset += length;
    return this.#bytes.subarray(start, this.offset);
  }
}

export function truncated(neededBytes: number, haveBytes: number): TraceError {
  return new TraceError(
    'ERR_ZS_TRACE_TRUNCATED',
    `cannot read the trace: it needs more than ${neededBytes} bytes and ends after ${haveBytes}. Copy the file again, or let the recording finish.`,
    { neededBytes, haveBytes },
  );
}
