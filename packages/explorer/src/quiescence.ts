// When no thread can run: spinning threads get a few more turns, then timeouts fire, then it is a standstill.

import { type FailureKind } from './failure.ts';
import { nameLocation } from './location-name.ts';
import { WORD_BYTES } from './model-memory.ts';
import { type Session } from './session.ts';
import { type VirtualThread, type Waiter } from './virtual-thread.ts';

/**
 * Turns each spinning thread gets with nothing changing, before it counts as a livelock. Above any sane spin budget.
 */
const STALLED_TURNS = 50;

/** Threads one of which may go on although none can run: one that spins, or one with a timeout. */
export function turnsAtQuiescence(session: Session): number[] {
  const paused = session.threads.filter((thread) => thread.status === 'paused');
  // Which one goes first is a choice. After that its turns come in a row, so that it stays on the stack, then the
  // others'.
  if (session.stallCount === 0 && paused.length > 0) return paused.map((thread) => thread.id);
  if (session.stallCount < paused.length * STALLED_TURNS) {
    const first = paused.findIndex((thread) => thread.id === session.stallLeader);
    const round = Math.floor(session.stallCount / STALLED_TURNS);
    return [paused[(Math.max(0, first) + round) % paused.length]!.id];
  }
  if (session.program.timeouts === 'rescue') return [];
  return session.threads.filter((thread) => timedWaiter(session, thread) !== undefined).map((thread) => thread.id);
}

/** A spinning thread has been given a turn. */
export function noteStalledTurn(session: Session, thread: VirtualThread): void {
  if (session.stallCount++ === 0) session.stallLeader = thread.id;
}

/** The wait of a thread whose timeout fires first. */
export function timedWaiter(session: Session, thread: VirtualThread): Waiter | undefined {
  return allWaiters(session).find((waiter) => waiter.thread === thread && waiter.isTimed);
}

/** Threads that have not ended. */
export function blockedThreads(session: Session): VirtualThread[] {
  return session.threads.filter((thread) => thread.status !== 'done');
}

/** What kind of standstill this is; null if all threads have ended. */
export function describeStandstill(session: Session): { kind: FailureKind; message: string } | null {
  const blocked = blockedThreads(session);
  if (blocked.length === 0) return null;
  const message = blocked.map((thread) => `${thread.name} ${describeBlocked(session, thread)}`).join('; ');
  const waiters = allWaiters(session);
  const timed = waiters.find((waiter) => waiter.isTimed);
  if (timed !== undefined) {
    return { kind: 'lost-wakeup', message: `only the timeout of ${timed.thread.name} would end this: ${message}` };
  }
  if (waiters.some(isStale)) return { kind: 'lost-wakeup', message };
  return { kind: blocked.every((thread) => thread.status === 'paused') ? 'livelock' : 'deadlock', message };
}

function describeBlocked(session: Session, thread: VirtualThread): string {
  if (thread.status === 'paused') {
    const words = [...thread.watched.keys()].map((word) => nameLocation(session.program, word * WORD_BYTES));
    return `spins on ${words.join(', ') || 'nothing'}`;
  }
  const waiters = allWaiters(session).filter((waiter) => waiter.thread === thread);
  if (waiters.length === 0) return 'awaits something that no thread or timer will settle';
  return waiters.map((waiter) => describeWaiter(session, waiter)).join(' and ');
}

function describeWaiter(session: Session, waiter: Waiter): string {
  const now = waiter.view.raw[waiter.index];
  const change = isStale(waiter)
    ? `which is ${String(now)} now, and nobody will notify it`
    : 'which nobody will change';
  const name = nameLocation(session.program, waiter.byteOffset);
  return `sleeps on ${name} while it is ${String(waiter.expected)}, ${change}`;
}

/** The word has changed since the thread went to sleep on it: a wakeup is missing, not a change. */
function isStale(waiter: Waiter): boolean {
  return waiter.view.raw[waiter.index] !== waiter.expected;
}

function allWaiters(session: Session): Waiter[] {
  return [...session.queues.values()].flat();
}
