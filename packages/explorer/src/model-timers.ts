// Timers of async threads. Time is virtual: a timer may fire as soon as those due before it have, and any step of any
// other thread may come first. Replaced during `exploreAsync`; outside of a thread the real ones are called.

import { PARK } from './failure.ts';
import { type Session } from './session.ts';
import { type Continuation } from './virtual-thread.ts';

const NAMES = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] as const;

type AnyFunction = (...args: unknown[]) => unknown;

const scope = globalThis as unknown as Record<string, AnyFunction | undefined>;

/** Installs the timers of a session. @returns What puts the real ones back. */
export function installTimers(session: Session): () => void {
  const real = NAMES.map((name) => scope[name]);
  const [setTimeout, clearTimeout, setImmediate, clearImmediate] = real;
  scope['setTimeout'] = startTimer(session, setTimeout!, (delay) => Math.max(1, Number(delay) || 0));
  scope['clearTimeout'] = stopTimer(session, clearTimeout!);
  if (setImmediate !== undefined && clearImmediate !== undefined) {
    const immediate = startTimer(session, setImmediate, () => 0);
    scope['setImmediate'] = (callback, ...args) =>
      immediate(callback, ...(session.current === null ? [] : [0]), ...args);
    scope['clearImmediate'] = stopTimer(session, clearImmediate);
  }
  return () => NAMES.forEach((name, i) => (scope[name] = real[i]));
}

function startTimer(session: Session, real: AnyFunction, toDelay: (delay: unknown) => number): AnyFunction {
  return (callback, delay, ...args) => {
    const thread = session.current;
    if (thread === null) return real(callback, delay, ...args);
    if (thread.isUnwinding || thread.isDying) throw PARK;
    const timer: Continuation & { unref(): unknown; ref(): unknown } = {
      isTimer: true,
      due: thread.virtualTime + toDelay(delay),
      isPending: true,
      run: () => (callback as AnyFunction)(...args),
      ref: () => timer,
      unref: () => timer,
    };
    thread.continuations.push(timer);
    return timer;
  };
}

function stopTimer(session: Session, real: AnyFunction): AnyFunction {
  return (timer) => {
    if (session.current === null) real(timer);
    else if (typeof timer === 'object' && timer !== null && 'isPending' in timer) timer.isPending = false;
  };
}
