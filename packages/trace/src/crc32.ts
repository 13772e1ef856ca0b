// CRC-32 as in zip and PNG (polynomial 0xEDB88320). Own code: browsers have none, and the package has no dependency.

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 of the first `length` bytes. */
export function crc32(bytes: Uint8Array, length: number): number {
  let crc = 0xffffffff;
  for (let at = 0; at < length; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
