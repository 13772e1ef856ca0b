// Turns of the event loop, for agents that run as threads of the explorer.
//
// A thread is one turn. What its code puts off to the end of the turn (queueMicrotask, `then` of a settled promise) runs
// when the code has returned, as steps of the same thread. Clocks stand still and random numbers are all the same,
// because the explorer calls a thread again and again and must find the same.

/** Jobs of the turn that is running; null outside of threads. */
let jobs: (() => void)[] | null = null;

type Then = (this: unknown, onFulfilled?: ((value?: unknown) => unknown) | null, ...rest: unknown[]) => unknown;

/** Runs `body` as a turn. Turns may be entered on top of each other: the explorer does that. */
export function asTurn<T>(body: () => T): T {
  const before = jobs;
  const mine: (() => void)[] = [];
  jobs = mine;
  try {
    const result = body();
    // Jobs may put off further ones.
    for (let next = 0; next < mine.length; next++) mine[next]();
    return result;
  } finally {
    jobs = before;
  }
}

/** Runs `run` with the globals replaced by ones that know about turns. */
export function withTurns<T>(run: () => T): T {
  const restore = replaceGlobals();
  try {
    return run();
  } finally {
    restore();
  }
}

/** `withTurns` for an exploration that takes turns itself. */
export async function withTurnsAsync<T>(run: () => Promise<T>): Promise<T> {
  const restore = replaceGlobals();
  try {
    return await run();
  } finally {
    restore();
  }
}

/** Returns what puts the globals back. */
function replaceGlobals(): () => void {
  const { queueMicrotask } = globalThis;
  const promises = Promise.prototype as unknown as { then: Then };
  const { then } = promises;
  const clock = performance as { now: () => number };
  const { now } = clock;
  const dateNow = Date.now;
  const { random } = Math;
  globalThis.queueMicrotask = (job) => {
    if (jobs === null) queueMicrotask(job);
    else jobs.push(job);
  };
  const replaceThen = (value: Then): void => void Reflect.set(promises, 'then', value);
  replaceThen(function thenAtEndOfTurn(this: unknown, onFulfilled, ...rest) {
    if (jobs === null) return then.call(this, onFulfilled, ...rest);
    if (typeof onFulfilled === 'function') jobs.push(() => void onFulfilled());
    return this;
  });
  clock.now = () => (jobs === null ? now.call(performance) : 0);
  Date.now = () => (jobs === null ? dateNow() : 0);
  Math.random = () => (jobs === null ? random() : 0.5);
  return () => {
    globalThis.queueMicrotask = queueMicrotask;
    replaceThen(then);
    clock.now = now;
    Date.now = dateNow;
    Math.random = random;
  };
}
