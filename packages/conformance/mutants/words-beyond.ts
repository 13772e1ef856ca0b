// A zspage's lock takes two words, and declares one: the second one is the next zspage's first.
//
// In kind: a struct that has grown, and an allocation that has not.

import { spinning } from './base/build.ts';
import { CountedLock } from './base/counted-lock.ts';
import type { Caught } from './caught.ts';

export const wordsBeyond = spinning('wordsBeyond', { zspage: CountedLock, zspageWords: 1 });
export const caught: Caught = {
  check: 'words-declared',
  rows: [1],
  words: /readBegin wrote the strategy's word of zspage 1 that it has not declared/,
};
