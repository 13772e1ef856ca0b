// Rejections that nobody handles. Those of an abandoned entry carry the park signal and mean nothing; any other is a
// failure of the thread whose jobs are running, not of the process.

import { CRASH, PARK } from './failure.ts';
import { type Session } from './session.ts';

const EVENT = 'unhandledRejection';

type Listener = (reason: unknown, promise: Promise<unknown>) => void;

/** Takes over unhandled rejections of a session, where the platform lets us. @returns What puts the listeners back. */
export function interceptRejections(session: Session): () => void {
  if (typeof process === 'undefined' || typeof process.rawListeners !== 'function') return () => {};
  const previous = process.rawListeners(EVENT) as Listener[];
  const intercept: Listener = (reason, promise) => {
    if (reason === PARK || reason === CRASH) return;
    if (session.current !== null) session.current.settlement = { error: reason };
    else for (const listener of previous) listener(reason, promise);
  };
  process.removeAllListeners(EVENT);
  process.on(EVENT, intercept);
  return () => {
    process.removeListener(EVENT, intercept);
    for (const listener of previous) process.on(EVENT, listener);
  };
}
