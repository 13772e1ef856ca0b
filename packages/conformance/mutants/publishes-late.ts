// A mover opens the zspage first and points the cell to the new place afterwards: a reader in between is sent to the old one.
//
// In kind: publish after unlock.

import type { Location } from '@zsmalloc/core/strategy';
import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const publishesLate = changed(spinning('publishesLate'), (bound) => {
  const moved = new Map<WordIndex, Location>();
  return {
    publish: (cell, location) => void moved.set(cell, location),
    relocateEnd: (zspage) => {
      bound.relocateEnd(zspage);
      for (const [cell, location] of moved) bound.publish(cell, location);
      moved.clear();
    },
  };
});
export const caught: Caught = {
  check: 'read-beside-move',
  rows: [1, 18],
  words: /a reader of cell 1 is led to the object of cell 0/,
};
