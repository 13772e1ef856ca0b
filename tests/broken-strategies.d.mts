import type { Strategy } from '@zsmalloc/core/strategy';

export const noZspageLock: Strategy;
export const moverBesideReader: Strategy;
export const noClassLock: Strategy;
export const noSecondLook: Strategy;
export const looksAndLetsGo: Strategy;
