// Counts what a call does to `Atomics`, and never lets it wait: a probe stands in for `globalThis.Atomics`.

/** One `Atomics.wait` or `waitAsync` of a call. */
export interface Wait {
  /** On memory of the pool, and not on a private word. */
  readonly shared: boolean;
  readonly timeoutMs: number;
}

/** What one call has done. */
export interface Probed<T> {
  readonly result: T | undefined;
  readonly error: unknown;
  readonly operations: number;
  readonly waits: readonly Wait[];
  /** The call was stopped: it had waited, or worked, for too long. */
  readonly stopped: boolean;
}

/** Thrown through the call to stop it. No Error, so that nothing catches it by kind. */
const STOP: { readonly stop: true } = { stop: true };

type Operation = (...args: unknown[]) => unknown;

const OPERATIONS = [
  'load',
  'store',
  'add',
  'sub',
  'and',
  'or',
  'xor',
  'exchange',
  'compareExchange',
  'notify',
] as const;

export interface ProbeLimits {
  /** Operations before a call is stopped. */
  readonly operations: number;
  /** Waits before a call is stopped. */
  readonly waits: number;
}

/** Runs one call. `buffer` is the pool's. */
export function probe<T>(buffer: SharedArrayBuffer, limits: ProbeLimits, call: () => T): Probed<T> {
  const real = globalThis.Atomics as unknown as Record<string, Operation>;
  const model: Record<string, Operation> = { isLockFree: real['isLockFree'] };
  const waits: Wait[] = [];
  let operations = 0;
  const count = (): void => {
    if (++operations > limits.operations) throw STOP;
  };
  const noteWait = (view: unknown, timeout: unknown): void => {
    const timeoutMs = timeout === undefined ? Infinity : Number(timeout);
    waits.push({ shared: (view as Int32Array).buffer === buffer, timeoutMs });
    if (timeoutMs === Infinity || waits.length > limits.waits) throw STOP;
  };
  for (const name of OPERATIONS) {
    model[name] = (...args) => {
      count();
      return real[name](...args);
    };
  }
  model['pause'] = () => undefined;
  model['wait'] = (view, index, value, timeout) => {
    count();
    if (real['load'](view, index) !== value) return 'not-equal';
    noteWait(view, timeout);
    return 'timed-out';
  };
  model['waitAsync'] = (view, _index, _value, timeout) => {
    count();
    noteWait(view, timeout);
    return { async: false, value: 'timed-out' };
  };
  globalThis.Atomics = model as unknown as typeof Atomics;
  try {
    const result = call();
    return { result, error: undefined, operations, waits, stopped: false };
  } catch (error) {
    return { result: undefined, error: error === STOP ? undefined : error, operations, waits, stopped: error === STOP };
  } finally {
    globalThis.Atomics = real as unknown as typeof Atomics;
  }
}
