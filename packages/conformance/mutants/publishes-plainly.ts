// A mover points the cell to the new place by a plain store: a reader may see the new place before the bytes in it.
//
// In kind: a missing release; smp_store_release() or rcu_assign_pointer() in the kernel.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const publishesPlainly = changed(spinning('publishesPlainly'), (_, host) => ({
  publish: (cell: WordIndex, location: Location) => {
    host.agent.words[cell] = location;
  },
}));
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /reads reads the bytes of slot 0 in zspage 2 .* unordered with: moves writes the bytes of slot 0 in zspage 2/,
};
