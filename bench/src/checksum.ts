// The checksum of stored objects: Fletcher's, over 32-bit words. Two additions a word, so that a verified read measures
// the allocator and not the checksum; it sees changed, lost and swapped words alike.

/** Checksum of `length` bytes at `offset` of `bytes`; `words` is a view of the same buffer from its start. */
export function checksum(bytes: Uint8Array, words: Int32Array, offset: number, length: number): number {
  return checksumParts(bytes, words, offset, length, 0, 0);
}

/**
 * Checksum of an object that may lie in two parts, as it would be in one piece.
 *
 * Parts start on multiples of 4, and the first is a multiple of 4 long: slots are multiples of 16 bytes and pages
 * begin on their own boundary.
 */
export function checksumParts(
  bytes: Uint8Array,
  words: Int32Array,
  firstOffset: number,
  firstLength: number,
  secondOffset: number,
  secondLength: number,
): number {
  let low = 1;
  let high = 0;
  const firstEnd = (firstOffset + firstLength) >>> 2;
  for (let index = firstOffset >>> 2; index < firstEnd; index++) {
    low = (low + words[index]!) | 0;
    high = (high + low) | 0;
  }
  let tailOffset = firstEnd << 2;
  let tailEnd = firstOffset + firstLength;
  if (secondLength > 0) {
    const secondEnd = (secondOffset + secondLength) >>> 2;
    for (let index = secondOffset >>> 2; index < secondEnd; index++) {
      low = (low + words[index]!) | 0;
      high = (high + low) | 0;
    }
    tailOffset = secondEnd << 2;
    tailEnd = secondOffset + secondLength;
  }
  for (; tailOffset < tailEnd; tailOffset++) {
    low = (low + bytes[tailOffset]!) | 0;
    high = (high + low) | 0;
  }
  return (low ^ Math.imul(high, 0x9e3779b1)) | 0;
}
