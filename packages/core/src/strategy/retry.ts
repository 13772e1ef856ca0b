// Waiting, without blocking, for a lock that has no queue.

/** Delay before an async twin tries again, in ms: a timer turn, which lets I/O and other tasks run first. */
const RETRY_MS = 1;

/** Node's; a browser takes turns between timers and other tasks by itself. */
type Immediate = { setImmediate?: (callback: () => void) => unknown };

/**
 * Resolves in a later turn of the event loop. A timer, so a waiting agent stays alive; and a full turn after it, because
 * attempts that take longer than the delay make the next timer due at once, and Node runs timers that are due before it
 * looks for anything else: the exit event of the worker that holds the lock would never be seen.
 */
export function retrySoon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => {
      // Looked up on each call: a model checker swaps the timers.
      const { setImmediate } = globalThis as Immediate;
      if (setImmediate === undefined) resolve();
      else setImmediate(resolve);
    }, RETRY_MS);
  });
}
