// The file format, version 1. All numbers are varints unless said otherwise.
//
// FILE      magic (8 bytes) | version | header | stream | CRC-32 of all before (4 bytes, little-endian)
// HEADER    objectBytesMax | agents | per agent: name bytes, name (UTF-8), events, lost
//           | objects | events | dropped | stream bytes
// STREAM    one entry for each call and each control; tag = value * 8 + kind
//   0 malloc    value: size in bytes. The object's number is the count of mallocs before.
//   1 free      value: back      (objects so far - 1 - number of the object)
//   2 read      value: back
//   3 write     value: back, then two numbers: bytes written, offset
//   4 hold      value: back
//   5 release   value: back
//   6 compact   value: budget in pages, 0 without
//   7 control   value even: from here on agent value / 2. Odd: (value - 1) / 2 microseconds passed since the last mark.
//   The stream begins with agent 0 at 0 us. Order and rules are those of trace.ts.

export const MAGIC: Uint8Array = new TextEncoder().encode('ZSTRACE\n');
export const TRACE_VERSION = 1;
export const CRC_BYTES = 4;
/** Agents are one byte in memory; core attaches no more. */
export const AGENTS_MAX = 255;
export const NAME_BYTES_MAX = 255;
/** Objects and events are 32-bit. */
export const COUNT_MAX: number = 2 ** 32 - 1;
/** Kinds take the low three bits of a tag. */
export const KINDS = 8;
