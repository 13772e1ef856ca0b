// Waiting, without blocking, for a lock that has no queue.

/** Delay before an async twin tries again, in ms: a timer turn, which lets I/O and other tasks run first. */
const RETRY_MS = 1;

/** Resolves in a later turn of the event loop. A timer, so a waiting agent stays alive. */
export function retrySoon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, RETRY_MS);
  });
}
