// Each agent that attaches sets the locks to "free", and so takes them from whoever is inside.
//
// In kind: an initialiser that every user of a shared segment runs, and not only the first.

import type { Strategy } from '@zsmalloc/core/strategy';
import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

const right = spinning('resetsOnBind');

export const resetsOnBind: Strategy = {
  ...right,
  bind: (host) => {
    for (let lock = 0; lock < host.lockCount; lock++) {
      Atomics.store(host.agent.words, host.lockBase + lock * host.lockStride, 0);
    }
    return right.bind(host);
  },
};
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [1],
  words: /two agents were inside class lock 0 at once/,
};
