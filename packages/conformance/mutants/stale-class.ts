// A free locks the class that it looked up before, and does not look again whether the object is still there: two frees of
// one object both succeed.
//
// In kind: the handle looked up under one lock and used under another; kernels since 2026 read it again (zsmalloc.md, E5).

import type { WordIndex } from '@zsmalloc/core/words';
import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const staleClass = changed(spinning('staleClass'), (bound, host) => ({
  lockClassOf: (cell: WordIndex) => {
    const location = Atomics.load(host.agent.words, cell);
    if (!host.isLocation(location)) return -1;
    const classIndex = host.classOf(location);
    bound.lock(classIndex);
    return classIndex;
  },
}));
export const caught: Caught = {
  check: 'free-beside-free',
  rows: [1],
  words: /lockClassOf locked the class of cell 1, which has no object/,
};
