// Async threads: an agent as a chain of synchronous segments. A segment ends when the microtask queue is empty; the
// next
// begins when a notified `Atomics.waitAsync` or a timer is delivered. Deliveries are logged like results, so that a
// body
// which was left in the middle of a segment can be called again and brought back to the same place.

import { type Place } from './atomic-access.ts';
import { failThread, finish } from './body.ts';
import { joinClock } from './clock.ts';
import { ExplorerError } from './errors.ts';
import { signalExit } from './exit-event.ts';
import { CRASH, PARK } from './failure.ts';
import { type Session } from './session.ts';
import { suspendIfSpinning } from './spinning.ts';
import { Delivery, type VirtualThread } from './virtual-thread.ts';
import { tryEnqueue } from './waiting.ts';

const realSetImmediate: (run: () => void) => unknown = globalThis.setImmediate ?? globalThis.setTimeout;

type Job = () => void;

/** Runs one execution whose threads may be async. */
export async function runAsyncExecution(session: Session): Promise<void> {
  session.beginExecution();
  session.next = session.choose();
  while (session.next !== null) {
    const thread = session.next;
    session.setCurrent(thread);
    await runSegments(session, thread);
    session.setCurrent(null);
  }
  session.endExecution();
}

/** `Atomics.waitAsync`. */
export function waitAsync(
  session: Session,
  thread: VirtualThread,
  place: Place,
  value: unknown,
  timeout: number,
): unknown {
  if (!session.isAsync) {
    throw new ExplorerError(
      'ERR_EXPLORER_NOT_ASYNC',
      `thread ${thread.name} calls Atomics.waitAsync: use exploreAsync`,
    );
  }
  let outcome: unknown;
  if (session.isAnswered(thread, true)) {
    outcome = thread.nextLogged();
  } else {
    const waiter = tryEnqueue(session, thread, place, value, timeout, thread.continuations.length);
    outcome = thread.record(typeof waiter === 'string' ? waiter : 'sleeps');
  }
  if (outcome !== 'sleeps') return { async: false, value: outcome };
  const promise = new Promise((resolve) => {
    thread.continuations.push({ isTimer: false, due: 0, isPending: true, run: resolve });
  });
  return { async: true, value: promise };
}

/** Lets a thread go on until it parks, awaits something or ends. Afterwards `session.next` says who is next. */
async function runSegments(session: Session, thread: VirtualThread): Promise<void> {
  let job: Job = thread.isAlive ? takeDelivery(thread) : () => callBody(thread);
  for (;;) {
    runJob(thread, job);
    await new Promise<void>((resolve) => realSetImmediate(resolve));
    if (thread.isUnwinding) {
      thread.isAlive = false;
      return;
    }
    if (session.finding !== null || thread.settlement !== null || thread.isDying) {
      conclude(session, thread);
      return;
    }
    if (thread.isReplaying) job = replayDelivery(thread);
    else if (thread.isGranted && isDeliveryDue(thread)) job = takeDelivery(thread);
    else break;
  }
  thread.isAlive = true;
  thread.status = isDeliveryDue(thread) ? 'runnable' : 'idle';
  if (thread.isGranted) session.appendLocal(thread);
  // An agent that polls by timer spins like any other.
  if (thread.status === 'runnable' && thread.ready.length === 0) suspendIfSpinning(session, thread);
  session.next = session.choose();
}

function callBody(thread: VirtualThread): void {
  thread.beginEntry();
  const { entry } = thread;
  const settle = (settlement: VirtualThread['settlement']): void => {
    if (thread.entry === entry) thread.settlement = settlement;
  };
  // A body that throws at once, async or not, settles like one that rejects.
  void new Promise((resolve) => resolve(thread.body(thread.context))).then(
    (value) => settle({ value }),
    (error: unknown) => settle({ error }),
  );
}

/** A timer callback may throw what an async body would reject with. */
function runJob(thread: VirtualThread, job: Job): void {
  try {
    job();
  } catch (error) {
    if (error !== PARK && error !== CRASH) thread.settlement = { error };
  }
}

/** The body's promise has settled, or the agent has died or failed. */
function conclude(session: Session, thread: VirtualThread): void {
  thread.isAlive = false;
  const { settlement } = thread;
  thread.hasDied = thread.isDying;
  if (settlement !== null && 'error' in settlement && !thread.hasDied) {
    if (settlement.error instanceof ExplorerError) session.misuse ??= settlement.error;
    failThread(session, thread, settlement.error);
    session.next = null;
    return;
  }
  thread.result = settlement !== null && 'value' in settlement && !thread.hasDied ? settlement.value : undefined;
  try {
    signalExit(session, thread);
  } catch (error) {
    if (error === PARK) return;
    throw error;
  }
  finish(session, thread);
  session.next = session.choose();
}

function isDeliveryDue(thread: VirtualThread): boolean {
  return thread.ready.length > 0 || nextTimer(thread) >= 0;
}

/** The next continuation in the order of an event loop: notified waiters as notified, then timers as they fall due. */
function takeDelivery(thread: VirtualThread): Job {
  const timer = (): Delivery => new Delivery(nextTimer(thread), undefined, thread.dependence, thread.happensBefore);
  const delivery = thread.ready.shift() ?? timer();
  joinClock(thread.dependence, delivery.dependence);
  joinClock(thread.happensBefore, delivery.happensBefore);
  return run(thread, thread.record(delivery));
}

function replayDelivery(thread: VirtualThread): Job {
  const logged = thread.nextLogged();
  if (logged instanceof Delivery) return run(thread, logged);
  throw new ExplorerError(
    'ERR_EXPLORER_NONDETERMINISTIC',
    `thread ${thread.name} awaits something else than before: await only what comes of Atomics.waitAsync and timers`,
  );
}

function run(thread: VirtualThread, { continuation, value }: Delivery): Job {
  const target = thread.continuations[continuation]!;
  target.isPending = false;
  if (target.isTimer) thread.virtualTime = target.due;
  return () => target.run(value);
}

function nextTimer(thread: VirtualThread): number {
  let next = -1;
  thread.continuations.forEach(({ isTimer, isPending, due }, i) => {
    if (isTimer && isPending && (next < 0 || due < thread.continuations[next]!.due)) next = i;
  });
  return next;
}
