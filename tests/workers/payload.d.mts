export const PAYLOAD_BYTES_MIN: number;
export function payload(tag: number, sizeBytes: number): Uint8Array;
export function isWhole(bytes: Uint8Array): boolean;
export function drawFrom(seed: number): (limit: number) => number;
export function drawSize(draw: (limit: number) => number): number;
