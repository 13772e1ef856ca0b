// Wait queues. `wait` compares and enqueues in one step, `notify` takes from the front; blocking and asynchronous
// waiters share the queue of a location, as ECMA-262 has it.

import { joinClock } from './clock.ts';
import { convertElement } from './element-kind.ts';
import { ACCESS_READ, type Event, type OperationName } from './event.ts';
import { type Place, readAtomically, wordOf } from './atomic-access.ts';
import { timedWaiter } from './quiescence.ts';
import { type Session } from './session.ts';
import { noteRead, suspendIfSpinning } from './spinning.ts';
import { newEvent } from './trace.ts';
import { Delivery, type VirtualThread, type Waiter } from './virtual-thread.ts';

/** `Atomics.wait`. */
export function wait(session: Session, thread: VirtualThread, place: Place, value: unknown, timeout: number): unknown {
  const outcome = tryEnqueue(session, thread, place, value, timeout, -1);
  if (typeof outcome === 'string') return thread.record(outcome);
  thread.status = 'waiting';
  thread.waiter = outcome;
  return session.block(thread);
}

/** `Atomics.waitAsync`: like `wait`, but what it enqueues is continuation `continuation` of the thread. */
export function tryEnqueue(
  session: Session,
  thread: VirtualThread,
  place: Place,
  value: unknown,
  timeout: number,
  continuation: number,
): Waiter | 'not-equal' | 'timed-out' {
  suspendIfSpinning(session, thread);
  session.awaitTurn(thread);
  const { view, index, byteOffset } = place;
  const expected = convertElement(view.kind, value);
  const event = newQueueEvent(session, thread, place, continuation < 0 ? 'wait' : 'waitAsync');
  event.access = ACCESS_READ;
  event.operand = expected;
  session.append(thread, event);
  const found = readAtomically(session, thread, place);
  noteRead(session, thread, event.word);
  event.result = found !== expected ? 'not-equal' : timeout <= 0 ? 'timed-out' : 'sleeps';
  session.recorder?.noteStep(event, thread);
  if (event.result !== 'sleeps') return event.result as 'not-equal' | 'timed-out';
  const isTimed = timeout < Infinity;
  const waiter: Waiter = { thread, view, index, byteOffset, expected, isTimed, continuation };
  const queue = session.queues.get(byteOffset);
  if (queue === undefined) session.queues.set(byteOffset, [waiter]);
  else queue.push(waiter);
  return waiter;
}

/** `Atomics.notify`. */
export function notify(session: Session, thread: VirtualThread, place: Place, count: number): number {
  session.awaitTurn(thread);
  const event = newQueueEvent(session, thread, place, 'notify');
  event.operand = count;
  session.append(thread, event);
  const woken = session.queues.get(place.byteOffset)?.splice(0, count) ?? [];
  event.result = woken.length;
  session.recorder?.noteStep(event, thread);
  for (const waiter of woken) {
    if (waiter.isTimed) session.noteDisabled(waiter.thread);
    wake(session, waiter, 'ok', thread);
  }
  thread.happensBefore[thread.id]!++; // Later accesses of the notifier are not ordered before the woken.
  return thread.record(woken.length);
}

/** The timeout of a waiting thread fires, as a step of its own. */
export function expire(session: Session, thread: VirtualThread): void {
  const waiter = timedWaiter(session, thread)!;
  const queue = session.queues.get(waiter.byteOffset)!;
  queue.splice(queue.indexOf(waiter), 1);
  const event = newQueueEvent(session, thread, waiter, 'timeout');
  session.append(thread, event);
  session.recorder?.noteStep(event, thread);
  session.counts.timeouts++;
  wake(session, waiter, 'timed-out', thread);
}

function wake(session: Session, waiter: Waiter, value: string, cause: VirtualThread): void {
  const { thread, continuation } = waiter;
  if (continuation >= 0) {
    // What the thread does before the delivery is not ordered after the cause, so the clocks wait with it.
    thread.ready.push(new Delivery(continuation, value, cause.dependence.slice(), cause.happensBefore.slice()));
    if (thread.status === 'idle' || (thread.status === 'paused' && thread.isAlive)) session.makeRunnable(thread);
    return;
  }
  joinClock(thread.happensBefore, cause.happensBefore);
  thread.waiter = null;
  thread.log.push(value);
  joinClock(thread.dependence, cause.dependence);
  session.makeRunnable(thread);
}

function newQueueEvent(session: Session, thread: VirtualThread, place: Place, name: OperationName): Event {
  const event = newEvent(session, thread, name, wordOf(place.byteOffset), true);
  event.byteOffset = place.byteOffset;
  return event;
}
