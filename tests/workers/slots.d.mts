export const SLOTS: number;
export const TABLE_WORDS: number;
export function swapHandle(table: Int32Array, slot: number, handle: number): number;
export function beginUse(table: Int32Array, slot: number): number;
export function endUse(table: Int32Array, slot: number): void;
