// retryLater waits for a notification that unlocks do not send: an agent that cannot block never tries again.
//
// In kind: an async twin that was written for parking locks and put on spinning ones.

import { changed, spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

export const neverRetries = changed(spinning('neverRetries'), (_, host) => ({
  retryLater: async () => {
    const { value } = Atomics.waitAsync(host.agent.words, host.lockBase, Atomics.load(host.agent.words, host.lockBase));
    await value;
  },
}));
export const caught: Caught = {
  check: 'async-lock-two',
  rows: [11],
  words: /async sleeps on a word of class lock 0 while it is \d, which is 0 now, and nobody will notify it/,
};
