// Waiting, without blocking, until a lock that refused is worth another try.

import { retrySoon } from '@zsmalloc/core/strategy';
import { ASYNC, HINT, PARKED } from './lot.ts';
import type { Rwsem } from './rwsem.ts';

/** Longest wait for a wakeup, in ms: the caller's own try is the final judge, so this only bounds its patience. */
const RETRY_MS_MAX = 20;

/**
 * Resolves, in a later turn, when the lock that last threw ERR_ZS_WOULD_BLOCK has been released, or after 20 ms.
 * Keeps the process alive meanwhile.
 *
 * Blocks: no. Main thread: yes.
 */
export function retryLater(rwsem: Rwsem): Promise<void> {
  const { queue, refusedLock: lock, refusedFlags } = rwsem;
  const { lot } = queue;
  const node = lock < 0 || typeof Atomics.waitAsync !== 'function' ? 0 : lot.takeNode();
  if (node === 0) return retrySoon();
  if (queue.enter(lock, node, refusedFlags | ASYNC | HINT)) {
    lot.giveNode(node);
    return retrySoon();
  }
  // order: none. A change of the park word means "look", and the caller's next try does.
  const { async, value } = Atomics.waitAsync(lot.words, lot.parkWord(node), PARKED);
  return new Promise<void>((resolve) => {
    let done = false;
    const finish = (): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      queue.leave(lock, node);
      lot.retireNode(node);
      resolve();
    };
    const timer = setTimeout(finish, async ? RETRY_MS_MAX : 0);
    if (async) void value.then(finish);
  });
}
