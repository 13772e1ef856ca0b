// A write in place is protected like a read: a mover copies the object meanwhile, and the write stays in the old copy.
//
// In kind: RCU protects what is there, and not what is written to it.

import type { Location, ZspageIndex } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { Deferring, deferring } from './base/deferring.ts';
import type { Caught } from './caught.ts';

class Pool extends Deferring {
  override writeBegin(cell: WordIndex): Location {
    return this.readBegin(cell);
  }

  override writeEnd(zspage: ZspageIndex): void {
    this.readEnd(zspage);
  }
}

export const writesLikeAReader = deferring('writesLikeAReader', Pool);
export const caught: Caught = {
  check: 'write-beside-move',
  rows: [1, 18],
  words: /an object was moved while somebody was writing to it/,
};
