// Sleeping for a lock, on agents that may block.
//
// RULES
//   1. A sleep is cut into slices: a wakeup that never comes (its sender died) costs a slice, not the agent.
//   2. A slice that ends while nobody holds the lock is looked at twice before it counts as a rescue: the release that
//      wakes the sleeper may just be happening. Without deaths there are no rescues; tests assert that.
//   3. A time limit may end a wait only through `leave`: a grant that came first is kept.

import type { WordIndex } from '@zsmalloc/core/words';
import { sleepSaying } from './say-waiting.ts';
import { EXPELLED, FOR_WRITE, GRANTED, WOKEN } from './lot.ts';
import type { LockQueue } from './queue.ts';
import { spinUnderAlarm } from './spin.ts';
import { READERS, WRITER } from './word.ts';

/** Longest sleep without a look at the lock. */
export const SLICE_MS = 1000;
/** Time that a release gets to reach the queue, once the lock was seen free: some scheduler slices. */
export const SUSPECT_MS = 50;

/**
 * Queues this agent and sleeps until it has the lock.
 *
 * @param flags FOR_WRITE or 0.
 * @param deadline In the time of `performance.now()`; Infinity for none.
 * @param rounds Rounds that a woken writer spins for the lock before it goes back to sleep.
 * @returns True when it has the lock, false when the deadline has passed.
 * Blocks: yes.
 */
export function sleepFor(queue: LockQueue, lock: WordIndex, flags: number, deadline: number, rounds: number): boolean {
  const { lot } = queue;
  const node = lot.ownNode;
  if (queue.enter(lock, node, flags)) return true;
  const park = lot.parkWord(node);
  let suspect = false;
  for (;;) {
    const slice = suspect ? SUSPECT_MS : SLICE_MS;
    const left = deadline === Infinity ? slice : Math.min(slice, Math.max(0, deadline - performance.now()));
    const outcome = sleepSaying(lot.agent, park, left);
    const state = lot.parkState(node);
    if (state === GRANTED) {
      // From here on this agent counts by what it says of itself: a grant that is left behind would count it once more.
      lot.setIdle(node);
      return true;
    }
    if (state === WOKEN || state === EXPELLED) {
      if ((flags & FOR_WRITE) !== 0) spinWhileHeld(queue, lock, rounds);
      if (queue.retry(lock, node)) return true;
      suspect = false;
    } else if (deadline !== Infinity && performance.now() >= deadline) {
      return queue.leave(lock, node);
    } else if (outcome === 'timed-out') {
      const verdict = queue.inspect(lock, node, suspect);
      if (verdict === 'taken') return true;
      suspect = verdict === 'suspect';
    }
  }
}

/** A woken writer that finds the lock stolen waits a little: WAKING is set, so nobody else was woken for it. */
function spinWhileHeld(queue: LockQueue, lock: WordIndex, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    // order: relaxed. Only when to try is decided here.
    if ((Atomics.load(queue.lot.words, lock) & (WRITER | READERS)) === 0) return;
    spinUnderAlarm(queue.lot.agent, round, Infinity);
  }
}
