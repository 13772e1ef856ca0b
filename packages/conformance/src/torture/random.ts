// Random numbers from a seed, and objects that tell whether they are whole.

/** Whole numbers below a limit. */
export type Draw = (limit: number) => number;

/** Source: xorshift32 (Marsaglia). */
export function drawFrom(seed: number): Draw {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

export const PAYLOAD_BYTES_MIN = 8;

/** Fills an object: its first four bytes are the tag, which with the length decides the others. */
export function payload(tag: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < 4; i++) bytes[i] = tag >>> (8 * i);
  for (let i = 4; i < sizeBytes; i++) bytes[i] = byteAt(tag, sizeBytes, i);
  return bytes;
}

/** True when an object is as `payload` made it, with its own tag. */
export function isWhole(bytes: Uint8Array): boolean {
  const { length } = bytes;
  const tag = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
  for (let i = 4; i < length; i++) if (bytes[i] !== byteAt(tag, length, i)) return false;
  return length >= PAYLOAD_BYTES_MIN;
}

function byteAt(tag: number, length: number, i: number): number {
  return (tag + length + Math.imul(i, 0x9e3779b1 ^ tag)) & 0xff;
}

/** Few classes, so that compaction finds something to do: small ones, some whose objects span pages, and a huge one. */
const SIZES = [40, 72, 200, 600, 1360, 2040, 2700, 4000];

/** A size of one of few classes, or once in a while any. */
export function drawSize(draw: Draw): number {
  if (draw(16) === 0) return PAYLOAD_BYTES_MIN + draw(4096 - PAYLOAD_BYTES_MIN + 1);
  return SIZES[draw(draw(2) === 0 ? 4 : SIZES.length)] - draw(8);
}
