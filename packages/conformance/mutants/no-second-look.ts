// A read trusts its hint: it locks the zspage that the cell named, and does not look at the cell again once it has it.
//
// In kind: lock-then-validate without the second half.

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import { CounterLock } from './base/spin-locks.ts';
import type { Caught } from './caught.ts';

export const noSecondLook = changed(spinning('noSecondLook'), (_, host) => {
  const lock = new CounterLock(host.agent);
  return {
    readBegin: (cell: WordIndex) => {
      const location = Atomics.load(host.agent.words, cell);
      if (!host.isLocation(location)) return 0;
      const word = host.zspageBase + host.zspageOf(location) * host.zspageStride;
      host.reads.enter(word);
      lock.readLock(word);
      host.reads.entered(word);
      return location;
    },
  };
});
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /the old place of a moved object was used again while a read begun before the move was still open/,
};
