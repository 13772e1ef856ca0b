// Calls of thread bodies, and how they end.

import { ExplorerError } from './errors.ts';
import { signalExit } from './exit-event.ts';
import { AssertionFailure, CRASH, PARK } from './failure.ts';
import { type Session } from './session.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** Park signals a body may swallow before it is told off; a retry loop around a lock takes a handful. */
const SWALLOWED_MAX = 1000;

/** Calls a synchronous body until it ends or parks; then `session.next` says who goes on. */
export function enterBody(session: Session, thread: VirtualThread): void {
  thread.beginEntry();
  thread.isOnStack = true;
  session.setCurrent(thread);
  try {
    runBody(session, thread);
    if (thread.isUnwinding) return; // The body swallowed the park signal just before its end.
    finish(session, thread);
    session.next = session.choose();
  } catch (error) {
    if (error === PARK) return;
    if (error instanceof ExplorerError) session.misuse ??= error;
    failThread(session, thread, error);
    session.next = null;
  } finally {
    thread.isOnStack = false;
    session.setCurrent(null);
  }
}

/** Another operation of a body that is being left. It may be in a `finally`, or the body has caught the signal. */
export function parkAgain(session: Session, thread: VirtualThread): never {
  if (++thread.parkSignalCount <= SWALLOWED_MAX) throw PARK;
  session.misuse ??= new ExplorerError(
    'ERR_EXPLORER_SWALLOWED',
    `thread ${thread.name} keeps catching the signal by which it is parked: do not catch everything around ` +
      'shared-memory operations, or rethrow what is no Error',
  );
  throw session.misuse;
}

function runBody(session: Session, thread: VirtualThread): void {
  try {
    thread.result = thread.body(thread.context);
    // A body that swallows everything may return after its death or its park signal.
    if (thread.isDying) throw CRASH;
  } catch (error) {
    if (error !== CRASH) throw error;
    thread.hasDied = true;
    thread.result = undefined;
  }
  if (thread.isUnwinding) return;
  if (thread.result instanceof Promise) {
    throw new ExplorerError('ERR_EXPLORER_NOT_ASYNC', `thread ${thread.name} is async: use exploreAsync`);
  }
  signalExit(session, thread);
}

/** The body has ended, of itself or by a crash. */
export function finish(session: Session, thread: VirtualThread): void {
  thread.status = 'done';
  session.stallCount = 0;
  if (thread.isGranted) session.appendLocal(thread);
  // A notification must not go to an agent that has ended.
  for (const queue of session.queues.values()) {
    for (let i = queue.length - 1; i >= 0; i--) if (queue[i]!.thread === thread) queue.splice(i, 1);
  }
}

/** The body has thrown. */
export function failThread(session: Session, thread: VirtualThread, error: unknown): void {
  thread.status = 'done';
  if (thread.isGranted) session.appendLocal(thread);
  const message = error instanceof Error ? error.message : String(error);
  const kind = error instanceof AssertionFailure ? 'broken-invariant' : 'uncaught-error';
  session.fail(kind, `${thread.name}: ${message}`, error);
}
